"""Decide what a posted transaction earns."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from accrual.domain.campaign_room import BudgetRead, within_campaign
from accrual.domain.converting import NO_RATES, Rates
from accrual.domain.decision import NOTHING_SEEN, Decision, Given, Rooms, Used
from accrual.domain.merchant_facts import UNREGISTERED, MerchantFacts
from accrual.domain.occasions import Behaviour, MonthBalance
from accrual.domain.reasons import Outcome, Reason, RuleReason
from accrual.domain.rule_set import RuleSet
from accrual.domain.rules_in_force import Candidate, LiveRule, RulesOnDate
from accrual.domain.sight import Sight
from accrual.domain.usage import UsageRead
from loyalty_shared.contracts.core import CustomerChangedV1, TransactionPostedV1
from loyalty_shared.kernel.points import POINTS_MAX

#: The facts of a customer that core has not announced: no level, no tags, no dates. Such a customer still earns.
UNANNOUNCED: Final = CustomerChangedV1(legal_entity="-", customer_no="-", changed_at=datetime.min.replace(tzinfo=UTC))


class Trail(Protocol):
    """Follows a decision rule by rule, for whoever asks why."""

    def note(self, rule: LiveRule, reason: RuleReason, given: int = 0) -> None:
        """Hear why a rule gave nothing, and what it would have given before its limits and its group."""
        ...


def local_time(event: TransactionPostedV1, zone: ZoneInfo) -> datetime:
    """Return the transaction's time in the entity's zone; its date is the transaction date."""
    return event.transaction_at.astimezone(zone)


def decide_posted(
    event: TransactionPostedV1,
    local: datetime,
    customer: CustomerChangedV1 | None,
    rules: RuleSet,
    usage: UsageRead,
    merchant: MerchantFacts = UNREGISTERED,
    rates: Rates = NO_RATES,
    budget: BudgetRead | None = None,
) -> Decision:
    """Return what the transaction earns, and why, under the rules in force on its transaction date, and its rates. Changes nothing: `usage.add` counts it."""
    in_force = rules.on_date(local.date())
    return decide_by(in_force.candidates_for(event), event, local, customer, in_force, usage, merchant, None, rates, budget)


def decide_by(
    candidates: Iterable[Candidate],
    event: TransactionPostedV1,
    local: datetime,
    customer: CustomerChangedV1 | None,
    in_force: RulesOnDate,
    usage: UsageRead,
    merchant: MerchantFacts = UNREGISTERED,
    trail: Trail | None = None,
    rates: Rates = NO_RATES,
    budget: BudgetRead | None = None,
) -> Decision:
    """Return what the transaction earns by these candidates, which stand in deciding order. The trail hears of each that gives nothing.

    `budget` None: no campaign's budget cuts anything.
    """
    facts = customer or UNANNOUNCED
    refusal = _refusal_of(event, facts, in_force)
    if refusal is not None:
        return Decision(Outcome.NOT_ACCRUED, 0, refusal, in_force.on, in_force.rule_set)

    amount = event.exact_minor if type(event) is MonthBalance else event.amount_minor
    meets_a_rule = False
    used: Used = {}
    rooms: Rooms = {}
    seats: dict[str | int, Given] = {}  # rules that exclude each other share a seat; the others have one each
    sight: Sight | None = None  # made for the first rule that counts, carries or converts: nearly no decision has one
    for candidate in candidates:
        rule, meets, sees_amount, _ = candidate
        if rule.is_special:
            sight = sight or Sight(event, facts, local, merchant, in_force, usage, rates)
            failing = sight.failing(candidate)
        else:
            failing = None if meets is None or meets(event, facts, local, merchant) else RuleReason.CONDITIONS_NOT_MET
        before = rule.nothing_used
        if before and (failing is None or sees_amount):  # also of a rule that only a smaller amount would meet: a refund decides again
            before = usage.used_by(rule, event, in_force)
            if before is not rule.nothing_used and any(before):
                used[rule.rule_no] = before
        if failing is not None:
            if trail is not None:
                trail.note(rule, failing)
            continue

        meets_a_rule = True
        base = _points_of(rule.multiplies, seats, in_force) if rule.multiplies else amount
        given = sight.gives(rule, base) if sight is not None and rule.is_special else rule.gives(base)
        if not given:
            if trail is not None:
                trail.note(rule, RuleReason.NOTHING_TO_MULTIPLY if rule.multiplies else RuleReason.BELOW_MINIMUM)
            continue

        points = rule.limits.allow(given, before) if rule.is_limited else given
        if points and rule.campaign is not None:
            points = within_campaign(rule, rule.campaign, points, before, seats, in_force.by_no, budget, rooms)
        holder = seats.get(rule.seat)
        if holder is not None:
            if rule.is_first_come or points <= holder.points:
                if trail is not None:
                    trail.note(rule, RuleReason.OTHER_RULE_OF_GROUP, given)
                continue
            if trail is not None:
                trail.note(in_force.by_no[holder.rule_no], RuleReason.OTHER_RULE_OF_GROUP, holder.given)
        if not points and trail is not None:
            trail.note(rule, RuleReason.BUDGET_SPENT if rule.rule.campaign in rooms else RuleReason.CAP_REACHED, given)
        seats[rule.seat] = Given(rule.rule_no, given, points, *in_force.dates[rule])  # a rule that its limits stop keeps its seat

    return _decision_from(seats, used, rooms, sight, in_force, meets_a_rule=meets_a_rule)


def _decision_from(seats: dict[str | int, Given], used: Used, rooms: Rooms, sight: Sight | None, in_force: RulesOnDate, *, meets_a_rule: bool) -> Decision:
    """Return the decision, or why it gives nothing. Points that a JSON reader might not keep exact are refused whole."""
    points = most = 0
    for given in seats.values():
        if given.points:
            points += given.points
            most = max(most, given.given)
    seen = NOTHING_SEEN if sight is None else sight.seen()
    if rooms:
        seen = replace(seen, rooms=rooms)
    if not points:
        reason = _reason_of_none(seats, rooms, sight, meets_a_rule=meets_a_rule)
        return Decision(Outcome.NOT_ACCRUED, 0, reason, in_force.on, in_force.rule_set, (), used, seen)
    if points > POINTS_MAX or most > POINTS_MAX:
        return Decision(Outcome.NOT_ACCRUED, 0, Reason.TOO_MANY_POINTS, in_force.on, in_force.rule_set)
    applied = tuple([given for given in seats.values() if given.points])
    return Decision(Outcome.ACCRUED, points, None, in_force.on, in_force.rule_set, applied, used, seen)


def _reason_of_none(seats: dict[str | int, Given], rooms: Rooms, sight: Sight | None, *, meets_a_rule: bool) -> Reason:
    """Return why no rule gave points, though there are rules."""
    if seats:
        return Reason.BUDGET_SPENT if rooms else Reason.CAP_REACHED
    if meets_a_rule:
        return Reason.BELOW_MINIMUM
    return Reason.NO_RATE if sight is not None and sight.lacks_rate else Reason.CONDITIONS_NOT_MET


def _refusal_of(event: TransactionPostedV1, facts: CustomerChangedV1, in_force: RulesOnDate) -> Reason | None:
    """Return why a transaction earns nothing whatever the rules say."""
    if not event.amount_minor and type(event) is not Behaviour:
        return Reason.ZERO_AMOUNT
    if facts.status == "blacklisted":
        return Reason.CUSTOMER_BLACKLISTED
    if not in_force.rules:
        return Reason.NO_RULE
    return None


def _points_of(codes: tuple[str, ...], seats: dict[str | int, Given], in_force: RulesOnDate) -> int:
    """Return what the rules of these codes have given, after their limits and groups."""
    return sum(given.points for given in seats.values() if in_force.by_no[given.rule_no].code in codes)
