"""Explain a decision rule by rule, the rules that gave nothing included, from the immutable versions it was decided with."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from accrual.domain.campaign_room import RoomsLeft
from accrual.domain.condition import Condition
from accrual.domain.decide import decide_by
from accrual.domain.decision import Decision, Given, Rooms
from accrual.domain.exclusions import EXCLUDING, kept_out_by
from accrual.domain.merchant_facts import UNREGISTERED, MerchantFacts
from accrual.domain.reasons import Reason, RuleReason
from accrual.domain.rule import Over, Per, Scope
from accrual.domain.rule_set import RuleSet
from accrual.domain.rules_in_force import LiveRule, RulesOnDate
from accrual.domain.usage import UsageBefore
from loyalty_shared.contracts.core import CustomerChangedV1, TransactionPostedV1

#: What of its rules a decision is told by, where the stream stored only that none gave anything: the first that holds.
_TOLD: Final[Mapping[RuleReason, Reason]] = {
    **EXCLUDING,
    RuleReason.OUTSIDE_CAMPAIGN: Reason.OUTSIDE_CAMPAIGN,
    RuleReason.CAMPAIGN_ENDED: Reason.CAMPAIGN_ENDED,
}


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
    closed = rules.closed_on(local.date())
    usage, budget, rates = UsageBefore(decision.used, decision.seen), RoomsLeft(decision.seen.rooms), decision.seen.rates

    def decide(conditions: Iterable[tuple[LiveRule, Condition]], among: RulesOnDate = in_force) -> tuple[Decision, _Reasons]:
        trail = _Reasons()
        return decide_by(among.candidates_with(conditions), event, local, customer, among, usage, merchant, trail, rates, budget), trail

    def failing(conditions: Iterable[tuple[LiveRule, Condition]]) -> set[int]:
        return decide(conditions)[1].with_conditions_not_met()

    again, reasons = decide((live, live.when) for live in in_force.rules if live.sees(event.currency))
    not_met = reasons.with_conditions_not_met()
    failed = [rule for rule in in_force.rules if rule.rule_no in not_met]
    kept_out = kept_out_by(failed, failing) | _outside_campaigns(failed, failing)
    available = {given.rule_no: given.available_on for given in decision.applied}  # of points that waited, when they were released
    applied = {given.rule_no: replace(given, available_on=available.get(given.rule_no, given.available_on)) for given in again.applied}
    whole = _reason_for_all(again.reason)
    explained = []
    for rule in in_force.rules:
        given = applied.get(rule.rule_no)
        if given is not None:
            explained.append(_applied(rule, given, usage.used_by(rule, event, in_force), decision.seen.rooms))
            continue
        if not rule.sees(event.currency):
            reasons.note(rule, RuleReason.OTHER_CURRENCY)
        reason, would_give = reasons.by_rule.get(rule.rule_no, (RuleReason.NOT_CONSIDERED, 0))
        explained.append(_not_applied(rule, whole or kept_out.get(rule.rule_no, reason), would_give, usage.used_by(rule, event, in_force)))
    unmet = decide(((live, live.when) for live in closed.rules if live.sees(event.currency)), closed)[1].with_conditions_not_met() if closed.rules else set()
    return (*explained, *(_closed(rule, event, local.date(), unmet=rule.rule_no in unmet) for rule in closed.rules))


def _outside_campaigns(failed: Sequence[LiveRule], failing: Callable[[Iterable[tuple[LiveRule, Condition]]], set[int]]) -> dict[int, RuleReason]:
    """Return the rules whose own conditions are met, though not those of their campaigns."""
    of_campaigns = [(rule, rule.rule.when) for rule in failed if rule.campaign is not None]
    own = failing(of_campaigns) if of_campaigns else set()
    return {rule.rule_no: RuleReason.OUTSIDE_CAMPAIGN for rule, _ in of_campaigns if rule.rule_no not in own}


def _closed(rule: LiveRule, event: TransactionPostedV1, on: date, *, unmet: bool) -> RuleExplained:
    """Return why a rule of a closed campaign gave nothing."""
    if not rule.sees(event.currency):
        reason = RuleReason.OTHER_CURRENCY
    elif unmet:
        reason = RuleReason.CONDITIONS_NOT_MET
    else:
        ended = rule.campaign is not None and rule.campaign.has_ended(on)
        reason = RuleReason.CAMPAIGN_ENDED if ended else RuleReason.CAMPAIGN_NOT_BEGUN
    return _not_applied(rule, reason, 0, rule.nothing_used)


def reason_told(decision: Decision, rules: Sequence[RuleExplained]) -> Reason | None:
    """Return why a decision gave nothing, as finely as its rules tell: an excluded category, or a campaign, where that alone kept a rule from applying."""
    found = {rule.reason for rule in rules}
    met_by_multipliers_only = decision.reason is Reason.BELOW_MINIMUM and RuleReason.BELOW_MINIMUM not in found
    if decision.reason not in (Reason.CONDITIONS_NOT_MET, Reason.NO_RULE) and not met_by_multipliers_only:
        return decision.reason
    return next((reason for told, reason in _TOLD.items() if told in found), decision.reason)


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


def _applied(rule: LiveRule, given: Given, used: Sequence[int], rooms: Rooms) -> RuleExplained:
    reason = RuleReason.TRIMMED if given.points < given.given else None
    if rule.rule.campaign in rooms and given.points < rule.limits.allow(given.given, used):
        reason = RuleReason.BUDGET_TRIMMED
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
