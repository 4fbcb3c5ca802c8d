"""Explain a decision rule by rule, the rules that gave nothing included, from the immutable versions it was decided with."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from msgspec import Struct

from accrual.domain.condition import Condition
from accrual.domain.decide import decide_by
from accrual.domain.decision import Decision, Given
from accrual.domain.exclusions import EXCLUDING, kept_out_by
from accrual.domain.merchant_facts import UNREGISTERED, MerchantFacts
from accrual.domain.reasons import Reason, RuleReason
from accrual.domain.rule import Over, Per, Scope
from accrual.domain.rule_set import RuleSet
from accrual.domain.rules_in_force import LiveRule
from accrual.domain.usage import UsageBefore
from loyalty_shared.contracts.core import CustomerChangedV1, TransactionPostedV1


class LimitExplained(Struct, frozen=True):
    """One limit at work: `used` before, `room` that was left, points `asked` of it and `allowed` by it."""

    points: int
    per: Per
    over: Over
    scope: Scope
    used: int
    room: int
    asked: int
    allowed: int


class RuleExplained(Struct, frozen=True):
    """What one version in force on the date did: `given` before its limits, `points` after them; `reason` when it gave nothing or less."""

    code: str
    version: int
    applied: bool
    given: int
    points: int
    point_type: str
    reason: RuleReason | None
    limits: tuple[LimitExplained, ...]
    available_on: date | None
    expires_on: date | None


class _Reasons:
    """A trail that keeps why each rule gave nothing, and what it would have given."""

    __slots__ = ("by_rule",)

    def __init__(self) -> None:
        self.by_rule: dict[int, tuple[RuleReason, int]] = {}

    def note(self, rule: LiveRule, reason: RuleReason, given: int = 0) -> None:
        self.by_rule[rule.rule_no] = (reason, given)

    def with_conditions_not_met(self) -> set[int]:
        """Return the rules whose conditions failed."""
        return {rule_no for rule_no, (reason, _) in self.by_rule.items() if reason is RuleReason.CONDITIONS_NOT_MET}


def explain_posted(
    event: TransactionPostedV1, local: datetime, customer: CustomerChangedV1 | None, rules: RuleSet, decision: Decision, merchant: MerchantFacts = UNREGISTERED
) -> tuple[RuleExplained, ...]:
    """Return what each version in force on the transaction date did, in the order of deciding. The points add up to the decision's."""
    in_force = rules.on_date(local.date())
    usage = UsageBefore(decision.used, decision.seen)

    def decide(conditions: Iterable[tuple[LiveRule, Condition]]) -> tuple[Decision, _Reasons]:
        trail = _Reasons()
        return decide_by(in_force.candidates_with(conditions), event, local, customer, in_force, usage, merchant, trail, decision.seen.rates), trail

    def failing(conditions: Iterable[tuple[LiveRule, Condition]]) -> set[int]:
        return decide(conditions)[1].with_conditions_not_met()

    again, reasons = decide((live, live.rule.when) for live in in_force.rules if live.sees(event.currency))
    not_met = reasons.with_conditions_not_met()
    kept_out = kept_out_by([rule for rule in in_force.rules if rule.rule_no in not_met], failing)
    applied = {given.rule_no: given for given in again.applied}
    whole = _reason_for_all(again.reason)
    explained = []
    for rule in in_force.rules:
        given = applied.get(rule.rule_no)
        if given is not None:
            explained.append(_applied(rule, given, usage.used_by(rule, event, in_force)))
            continue
        if not rule.sees(event.currency):
            reasons.note(rule, RuleReason.OTHER_CURRENCY)
        reason, would_give = reasons.by_rule.get(rule.rule_no, (RuleReason.NOT_CONSIDERED, 0))
        explained.append(_not_applied(rule, whole or kept_out.get(rule.rule_no, reason), would_give, usage.used_by(rule, event, in_force)))
    return tuple(explained)


def reason_told(decision: Decision, rules: Sequence[RuleExplained]) -> Reason | None:
    """Return why a decision gave nothing, as finely as its rules tell: that a category is excluded, where that alone kept a rule from applying."""
    if decision.reason is not Reason.CONDITIONS_NOT_MET:
        return decision.reason
    found = {rule.reason for rule in rules}
    return next((reason for excluded, reason in EXCLUDING.items() if excluded in found), decision.reason)


def explain_refunded(decision: Decision, rules: RuleSet) -> tuple[RuleExplained, ...]:
    """Return what a refund took from each earning of its original, whose rule set this is."""
    explained = []
    for taken in decision.applied:
        version = rules.by_no[taken.rule_no]
        rule = version.rule
        explained.append(
            RuleExplained(
                rule.code, version.version, True, taken.given, taken.points, rule.point_type, RuleReason.TAKEN_BACK, (), taken.available_on, taken.expires_on
            )
        )
    return tuple(explained)


def _reason_for_all(reason: Reason | None) -> RuleReason | None:
    match reason:
        case Reason.TOO_MANY_POINTS:
            return RuleReason.TOO_MANY_POINTS
        case Reason.ZERO_AMOUNT | Reason.CUSTOMER_BLACKLISTED:
            return RuleReason.NOT_CONSIDERED
        case _:
            return None


def _applied(rule: LiveRule, given: Given, used: Sequence[int]) -> RuleExplained:
    reason = RuleReason.TRIMMED if given.points < given.given else None
    limits = _limits_explained(rule, given.given, used)
    return RuleExplained(rule.code, rule.version, True, given.given, given.points, rule.rule.point_type, reason, limits, given.available_on, given.expires_on)


def _not_applied(rule: LiveRule, reason: RuleReason, would_give: int, used: Sequence[int]) -> RuleExplained:
    limits = _limits_explained(rule, would_give, used) if would_give else ()
    return RuleExplained(rule.code, rule.version, False, would_give, 0, rule.rule.point_type, reason, limits, None, None)


def _limits_explained(rule: LiveRule, given: int, used: Sequence[int]) -> tuple[LimitExplained, ...]:
    asked = given
    explained = []
    for limit, before, allowed in rule.limits.allow_each(given, used):
        explained.append(LimitExplained(limit.points, limit.per, limit.over, limit.scope, before, max(0, limit.points - before), asked, allowed))
        asked = allowed
    return tuple(explained)
