"""Outcomes and reasons of decisions: closed sets, and how each is said in Chinese and English."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple


class Outcome(StrEnum):
    """What became of a transaction, a refund or a reversal."""

    ACCRUED = "accrued"
    NOT_ACCRUED = "not-accrued"
    CLAWED_BACK = "clawed-back"
    NOTHING_TO_TAKE = "nothing-to-take"
    WAITING = "waiting"


class Reason(StrEnum):
    """Why a transaction earned nothing, or a refund took nothing."""

    NO_RULE = "no-rule"
    CONDITIONS_NOT_MET = "conditions-not-met"
    BELOW_MINIMUM = "below-minimum"
    EXCLUDED_MCC = "excluded-mcc"
    EXCLUDED_MERCHANT = "excluded-merchant"
    EXCLUDED_TRANSACTION_CODE = "excluded-transaction-code"
    CAP_REACHED = "cap-reached"
    BUDGET_SPENT = "budget-spent"
    CAMPAIGN_ENDED = "campaign-ended"
    OUTSIDE_CAMPAIGN = "outside-campaign"
    NO_RATE = "no-rate"
    ZERO_AMOUNT = "zero-amount"
    CUSTOMER_BLACKLISTED = "customer-blacklisted"
    TOO_MANY_POINTS = "too-many-points"
    WAITING_FOR_ORIGINAL = "waiting-for-original"
    ORIGINAL_EARNED_NOTHING = "original-earned-nothing"
    STILL_EARNED = "still-earned"
    TAKEN_FROM_REMAINDER = "taken-from-remainder"
    NOTHING_LEFT = "nothing-left"
    ALREADY_REVERSED = "already-reversed"
    REFUND_EXCEEDS_ORIGINAL = "refund-exceeds-original"
    OTHER_CURRENCY = "other-currency"


class RuleReason(StrEnum):
    """Why one rule gave nothing, or less than its earning form says."""

    OTHER_CURRENCY = "rule-other-currency"
    CONDITIONS_NOT_MET = "rule-conditions-not-met"
    BELOW_MINIMUM = "rule-below-minimum"
    EXCLUDED_MCC = "rule-excluded-mcc"
    EXCLUDED_MERCHANT = "rule-excluded-merchant"
    EXCLUDED_TRANSACTION_CODE = "rule-excluded-transaction-code"
    OTHER_RULE_OF_GROUP = "rule-other-of-group"
    CAP_REACHED = "rule-cap-reached"
    BUDGET_SPENT = "rule-budget-spent"
    BUDGET_TRIMMED = "rule-budget-trimmed"
    CAMPAIGN_ENDED = "rule-campaign-ended"
    CAMPAIGN_NOT_BEGUN = "rule-campaign-not-begun"
    OUTSIDE_CAMPAIGN = "rule-outside-campaign"
    TRIMMED = "rule-trimmed"
    NO_RATE = "rule-no-rate"
    NOT_THE_NTH = "rule-not-the-nth"
    NOTHING_TO_MULTIPLY = "rule-nothing-to-multiply"
    TOO_MANY_POINTS = "rule-too-many-points"
    NOT_CONSIDERED = "rule-not-considered"
    TAKEN_BACK = "rule-taken-back"


class Wording(NamedTuple):
    """One reason in the languages of the bank's staff."""

    zh: str
    en: str


WORDING: Final[Mapping[Reason | RuleReason, Wording]] = {
    Reason.NO_RULE: Wording("交易日没有生效的规则", "No rule is in force on the transaction date"),
    Reason.CONDITIONS_NOT_MET: Wording("交易不符合任何规则的条件", "The transaction meets the conditions of no rule"),
    Reason.BELOW_MINIMUM: Wording("金额低于累积起点", "The amount is below the minimum, or too small for a point"),
    Reason.EXCLUDED_MCC: Wording("商户类别不参与累积", "The merchant's category is excluded"),
    Reason.EXCLUDED_MERCHANT: Wording("商户不参与累积", "The merchant is excluded"),
    Reason.EXCLUDED_TRANSACTION_CODE: Wording("该交易类型不参与累积", "The kind of transaction is excluded"),
    Reason.CAP_REACHED: Wording("已达到积分上限", "A limit on points has been reached"),
    Reason.NO_RATE: Wording("交易日没有该币种的汇率", "There is no exchange rate for the currency on the transaction date"),
    Reason.BUDGET_SPENT: Wording("活动预算已用完", "The campaign's budget is spent"),
    Reason.CAMPAIGN_ENDED: Wording("活动已结束或已停止", "The campaign is over or was stopped"),
    Reason.OUTSIDE_CAMPAIGN: Wording("客户、渠道或机构不在活动范围内", "The campaign is not for this customer, channel or institution"),
    Reason.ZERO_AMOUNT: Wording("交易金额为零", "The amount is zero"),
    Reason.CUSTOMER_BLACKLISTED: Wording("客户在黑名单中", "The customer is blacklisted"),
    Reason.TOO_MANY_POINTS: Wording("积分超出系统可记录的范围", "The points are more than can be recorded"),
    Reason.WAITING_FOR_ORIGINAL: Wording("等待原交易到达", "The original transaction has not arrived yet"),
    Reason.ORIGINAL_EARNED_NOTHING: Wording("原交易未累积积分", "The original transaction earned nothing"),
    Reason.STILL_EARNED: Wording("剩余金额仍可获得原积分", "The amount that remains still earns all the points that are left"),
    Reason.TAKEN_FROM_REMAINDER: Wording("已从积分尾数或被截减的积分中扣除", "Taken from the customer's remainder, or from points that a limit had cut"),
    Reason.NOTHING_LEFT: Wording("原交易已无可扣回的积分", "No points of the original transaction are left to take"),
    Reason.ALREADY_REVERSED: Wording("原交易已冲正", "The original transaction has been reversed already"),
    Reason.REFUND_EXCEEDS_ORIGINAL: Wording("退货金额超过原交易剩余金额", "The refund is more than what remains of the original transaction"),
    Reason.OTHER_CURRENCY: Wording("退货币种与原交易不同", "The refund is in another currency than the original transaction"),
    RuleReason.OTHER_CURRENCY: Wording("规则只适用于其他币种", "The rule sees another currency"),
    RuleReason.CONDITIONS_NOT_MET: Wording("不符合规则条件", "The rule's conditions are not met"),
    RuleReason.BELOW_MINIMUM: Wording("金额低于规则的起点", "The amount is below the rule's minimum, or too small for a point"),
    RuleReason.EXCLUDED_MCC: Wording("规则排除该商户类别", "The rule excludes the merchant's category"),
    RuleReason.EXCLUDED_MERCHANT: Wording("规则排除该商户", "The rule excludes the merchant"),
    RuleReason.EXCLUDED_TRANSACTION_CODE: Wording("规则排除该交易类型", "The rule excludes this kind of transaction"),
    RuleReason.OTHER_RULE_OF_GROUP: Wording("同组的另一规则优先", "Another rule of its group was chosen"),
    RuleReason.CAP_REACHED: Wording("已达到规则的积分上限", "A limit of the rule left no room"),
    RuleReason.BUDGET_SPENT: Wording("活动预算已用完", "Nothing was left of its campaign's budget"),
    RuleReason.BUDGET_TRIMMED: Wording("按活动剩余预算截减", "Cut to what was left of its campaign's budget"),
    RuleReason.CAMPAIGN_ENDED: Wording("规则所属活动已结束或已停止", "Its campaign is over or was stopped"),
    RuleReason.CAMPAIGN_NOT_BEGUN: Wording("规则所属活动尚未开始", "Its campaign has not begun"),
    RuleReason.OUTSIDE_CAMPAIGN: Wording("客户、渠道或机构不在规则所属活动范围内", "Its campaign is not for this customer, channel or institution"),
    RuleReason.TRIMMED: Wording("按上限截减", "A limit of the rule cut what it gave"),
    RuleReason.NO_RATE: Wording("交易日没有该币种的汇率", "There is no exchange rate for the currency on the transaction date"),
    RuleReason.NOT_THE_NTH: Wording("不是规则要求的第几笔", "It is not the event by number that the rule asks for"),
    RuleReason.NOTHING_TO_MULTIPLY: Wording("被加倍的规则未给积分", "The rules that it multiplies gave nothing"),
    RuleReason.TOO_MANY_POINTS: Wording("积分超出系统可记录的范围", "The points are more than can be recorded"),
    RuleReason.NOT_CONSIDERED: Wording("交易整体不参与累积", "The transaction as a whole earns nothing"),
    RuleReason.TAKEN_BACK: Wording("退货扣回", "Taken back by the refund"),
}
