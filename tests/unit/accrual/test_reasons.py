"""Every reason has its words and a case that provokes it: who adds a reason adds a row here."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from accrual.domain.campaign import Campaign
from accrual.domain.decide import local_time
from accrual.domain.decision import Decision
from accrual.domain.explain import RuleExplained, explain_posted, explain_refunded, reason_told
from accrual.domain.merchant_facts import UNREGISTERED, MerchantFacts
from accrual.domain.reasons import WORDING, Reason, RuleReason
from accrual.domain.refund import decide_waiting
from accrual.domain.rule import Rule
from loyalty_shared.contracts.core import TransactionRefundedV1
from unit.accrual.builders import ZONE, Books, campaign, customer, posted, refunded, reversed_, rule, rule_set

MCC: dict[str, Any] = {"not": {"fact": "transaction.mcc", "in": ["5411", "8062"]}}
MERCHANT: dict[str, Any] = {"fact": "transaction.merchant_no", "not_in": ["M1"]}
CODE: dict[str, Any] = {"fact": "transaction.transaction_code", "is_not": "POS"}
AT_LEAST: dict[str, Any] = {"fact": "transaction.amount_minor", "at_least": 20_000}
GOLD: dict[str, Any] = {"fact": "customer.level", "is": "gold"}
OFFLINE: dict[str, Any] = {"fact": "merchant.status", "not_in": ["suspended", "terminated"]}
SUSPENDED = MerchantFacts(merchant_type="issuing-partner", mcc="5812", institution=None, status="suspended")
REJECTING: list[dict[str, Any]] = [{"points": 1, "per": "transaction", "over": "reject"}]
GROUP: dict[str, Any] = {"stacking": {"group": "g", "policy": "first"}}


def decided(
    rules: Sequence[Rule], *events: Any, facts: Any = None, merchant: MerchantFacts = UNREGISTERED, campaigns: Sequence[Campaign] = ()
) -> tuple[Reason | None, dict[str, RuleReason | None]]:
    """Return why the last event gave or took nothing, as callers are told, and by code what each rule says."""
    books = Books(rule_set(*rules, campaigns=campaigns), facts, merchant=merchant)
    told: tuple[Decision, tuple[RuleExplained, ...]] | None = None
    for event in events:
        if isinstance(event, TransactionRefundedV1):
            decision = books.refund(event)
            told = decision, explain_refunded(decision, books.rules)
        else:
            decision = books.post(event)
            told = decision, explain_posted(event, local_time(event, ZONE), facts, books.rules, decision, merchant)
    assert told is not None
    return reason_told(*told), {one.code: one.reason for one in told[1]}


BOUGHT = posted()
IN_CAMPAIGN = rule(campaign="spring")
CASES: dict[Reason, list[tuple[Any, ...]]] = {
    Reason.NO_RULE: [([], BOUGHT)],
    Reason.CONDITIONS_NOT_MET: [([rule(when=GOLD)], BOUGHT), ([rule(when={"all": [GOLD, MCC]})], BOUGHT), ([rule(currency="USD")], BOUGHT)],
    Reason.BELOW_MINIMUM: [
        ([rule()], posted(1_999)),
        ([rule(when=AT_LEAST)], BOUGHT),
        ([rule(when={"fact": "transaction.amount_minor", "above": 10_000})], BOUGHT),
        ([rule(when={"fact": "transaction.amount_minor", "between": [10_001, 20_000]})], BOUGHT),
        ([rule(when={"not": {"fact": "transaction.amount_minor", "below": 20_000}})], BOUGHT),
        ([rule(when={"all": [MCC, AT_LEAST]})], posted(mcc="5812")),
    ],
    Reason.EXCLUDED_MCC: [
        ([rule(when=MCC)], BOUGHT),
        ([rule(when={"all": [{"fact": "transaction.mcc", "not_in": ["5411"]}, {"fact": "transaction.card_type", "is": "debit"}]})], BOUGHT),
        ([rule(when={"fact": "transaction.mcc", "is_not": "5411"})], BOUGHT),
        ([rule(when={"any": [MCC, GOLD]})], BOUGHT),
        ([rule(when={"all": [MCC, AT_LEAST]})], BOUGHT),
        ([rule("big", priority=1, when=AT_LEAST), rule(when=MCC)], BOUGHT),
        ([rule(when={"not": {"not": {"fact": "transaction.mcc", "not_in": ["5411"]}}})], BOUGHT),
        ([rule(when=MCC), rule("double", earn={"multiply": {"rules": ["base"], "by": "2"}})], BOUGHT),
    ],
    Reason.EXCLUDED_MERCHANT: [([rule(when=MERCHANT)], BOUGHT), ([rule(when=OFFLINE)], BOUGHT, SUSPENDED)],
    Reason.EXCLUDED_TRANSACTION_CODE: [([rule(when=CODE)], BOUGHT)],
    Reason.CAP_REACHED: [([rule(limits=REJECTING)], BOUGHT)],
    Reason.BUDGET_SPENT: [([IN_CAMPAIGN], posted(transaction_no="T0"), BOUGHT, campaign(budget={"points": 5}))],
    Reason.CAMPAIGN_ENDED: [
        ([IN_CAMPAIGN], BOUGHT, campaign(applies={"to": "2026-03-01"})),
        ([IN_CAMPAIGN, rule("gold", when=GOLD)], BOUGHT, campaign(stopped_on=date(2026, 3, 1))),
    ],
    Reason.OUTSIDE_CAMPAIGN: [([IN_CAMPAIGN], BOUGHT, campaign(channels=["MOBILE"]))],
    Reason.NO_RATE: [([rule(convert=True)], posted(currency="USD")), ([rule(convert=True, when=AT_LEAST)], posted(currency="USD"))],
    Reason.ZERO_AMOUNT: [([rule()], posted(0))],
    Reason.CUSTOMER_BLACKLISTED: [([rule()], BOUGHT, customer(status="blacklisted"))],
    Reason.TOO_MANY_POINTS: [([rule(earn={"fixed": 2**53 - 1}), rule("b", earn={"fixed": 2**53 - 1})], BOUGHT)],
    Reason.ORIGINAL_EARNED_NOTHING: [([], BOUGHT, refunded(1))],
    Reason.STILL_EARNED: [([rule(earn={"fixed": 1})], BOUGHT, refunded(1))],
    Reason.TAKEN_FROM_REMAINDER: [([rule(remainder="carry")], posted(3_999), refunded(1_000))],
    Reason.NOTHING_LEFT: [([rule(earn={"fixed": 1})], BOUGHT, refunded(10_000), refunded(1))],
    Reason.ALREADY_REVERSED: [([rule()], BOUGHT, reversed_(), reversed_())],
    Reason.REFUND_EXCEEDS_ORIGINAL: [([rule()], BOUGHT, refunded(10_001))],
    Reason.OTHER_CURRENCY: [([rule()], BOUGHT, refunded(1, currency="USD"))],
}
RULE_CASES: dict[RuleReason, tuple[Any, ...]] = {
    RuleReason.OTHER_CURRENCY: ([rule(currency="USD")], BOUGHT),
    RuleReason.CONDITIONS_NOT_MET: ([rule(when=GOLD)], BOUGHT),
    RuleReason.BELOW_MINIMUM: ([rule(when=AT_LEAST)], BOUGHT),
    RuleReason.EXCLUDED_MCC: ([rule(when=MCC)], BOUGHT),
    RuleReason.EXCLUDED_MERCHANT: ([rule(when=MERCHANT)], BOUGHT),
    RuleReason.EXCLUDED_TRANSACTION_CODE: ([rule(when=CODE)], BOUGHT),
    RuleReason.OTHER_RULE_OF_GROUP: ([rule("first", priority=1, **GROUP), rule(**GROUP)], BOUGHT),
    RuleReason.CAP_REACHED: ([rule(limits=REJECTING)], BOUGHT),
    RuleReason.TRIMMED: ([rule(limits=[{"points": 1, "per": "transaction"}])], BOUGHT),
    RuleReason.BUDGET_SPENT: ([IN_CAMPAIGN], posted(transaction_no="T0"), BOUGHT, campaign(budget={"points": 5})),
    RuleReason.BUDGET_TRIMMED: ([IN_CAMPAIGN], BOUGHT, campaign(budget={"points": 4})),
    RuleReason.CAMPAIGN_ENDED: ([IN_CAMPAIGN], BOUGHT, campaign(applies={"to": "2026-03-01"})),
    RuleReason.CAMPAIGN_NOT_BEGUN: ([IN_CAMPAIGN], BOUGHT, campaign(applies={"from": "2026-03-02"})),
    RuleReason.OUTSIDE_CAMPAIGN: ([IN_CAMPAIGN], BOUGHT, campaign(institutions=["1"])),
    RuleReason.NO_RATE: ([rule(convert=True)], posted(currency="USD")),
    RuleReason.NOT_THE_NTH: ([rule(earn={"nth": 2, "of": "month", "fixed": 9})], BOUGHT),
    RuleReason.NOTHING_TO_MULTIPLY: ([rule(earn={"multiply": {"rules": ["nobody"], "by": "2"}})], BOUGHT),
    RuleReason.TOO_MANY_POINTS: ([rule(earn={"fixed": 2**53 - 1}), rule("b", earn={"fixed": 2**53 - 1})], BOUGHT),
    RuleReason.NOT_CONSIDERED: ([rule()], posted(0)),
    RuleReason.TAKEN_BACK: ([rule()], BOUGHT, refunded(10_000)),
}


def told_of(case: tuple[Any, ...]) -> tuple[Reason | None, dict[str, RuleReason | None]]:
    rules, *events = case
    facts = next((each for each in events if type(each) is type(customer())), None)
    merchant = next((each for each in events if isinstance(each, MerchantFacts)), UNREGISTERED)
    campaigns = [each for each in events if isinstance(each, Campaign)]
    others = (each for each in events if each is not facts and each is not merchant and each not in campaigns)
    return decided(rules, *others, facts=facts, merchant=merchant, campaigns=campaigns)


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason is not Reason.WAITING_FOR_ORIGINAL])
def test_every_reason_is_provoked(reason: Reason) -> None:
    for case in CASES[reason]:
        assert told_of(case)[0] is reason, case


def test_a_refund_that_waits_says_so() -> None:
    assert decide_waiting(refunded(1), local_time(refunded(1), ZONE)).reason is Reason.WAITING_FOR_ORIGINAL


@pytest.mark.parametrize("reason", list(RuleReason))
def test_every_reason_of_a_rule_is_provoked(reason: RuleReason) -> None:
    assert told_of(RULE_CASES[reason])[1]["base"] is reason


@pytest.mark.parametrize("reason", [*Reason, *RuleReason])
def test_every_reason_is_worded_in_both_languages(reason: Reason | RuleReason) -> None:
    wording = WORDING[reason]
    assert wording.zh
    assert wording.en
    assert any("\u4e00" <= character <= "\u9fff" for character in wording.zh)


def test_a_rule_that_more_than_the_exclusion_keeps_from_applying_is_not_told_as_excluded() -> None:
    assert decided([rule(when={"all": [MCC, GOLD]})], BOUGHT) == (Reason.CONDITIONS_NOT_MET, {"base": RuleReason.CONDITIONS_NOT_MET})
    assert decided([rule(when={"all": [MCC, GOLD]})], BOUGHT, facts=customer(level="gold"))[0] is Reason.EXCLUDED_MCC


def test_a_purchase_that_earned_by_another_rule_still_tells_what_one_excludes() -> None:
    assert decided([rule(when=MCC), rule("all", earn={"fixed": 1})], BOUGHT) == (None, {"base": RuleReason.EXCLUDED_MCC, "all": None})
