"""When a decision that is made anew differs from the one that stands, and by which points (docs/decisions/0013)."""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from accrual.domain.decision import Decision, Given
from accrual.domain.rule_set import RuleSet
from loyalty_shared.contracts.accrual import CostBearer


class Earning(NamedTuple):
    """What makes two givings the same earning: then only their difference is posted. Points of another type, expiry or bearer are others.

    `available_on`: no sooner than the business date, as what can be spent already is all alike. `is_own`: not what a refund took beyond its earning.
    """

    code: str
    point_type: str
    available_on: date
    expires_on: date | None
    expiry_policy: str
    cost_bearers: tuple[CostBearer, ...]
    campaign: str | None
    is_own: bool


def is_same(before: Decision, after: Decision) -> bool:
    """Tell whether two decisions come to the same, now and for any later refund. By which set of rules they were made does not matter."""
    return (before.outcome, before.reason, before.applied, before.used, before.seen) == (after.outcome, after.reason, after.applied, after.used, after.seen)


def differences(before: Iterable[tuple[Decision, RuleSet]], after: Iterable[tuple[Decision, RuleSet]], business_on: date) -> tuple[Given, ...]:
    """Return what is to be given (positive) or taken (negative) so that an event and its refunds, which came to `before`, come to `after`.

    Each decision comes with the rules it was made by. What is taken keeps the dates of the earning it is taken from.
    """
    old, net = _nets(before, business_on)
    new, target = _nets(after, business_on)
    found = []
    for earning in dict.fromkeys((*net, *target)):
        points = target.get(earning, 0) - net.get(earning, 0)
        if points:
            like = new[earning] if earning in new and (points > 0 or earning not in old) else old[earning]
            found.append(Given(like.rule_no, points if earning.is_own else 0, points, like.available_on, like.expires_on))
    return tuple(found)


def _nets(decisions: Iterable[tuple[Decision, RuleSet]], business_on: date) -> tuple[dict[Earning, Given], dict[Earning, int]]:
    """Return the first giving of each earning, and what all its givings come to."""
    first: dict[Earning, Given] = {}
    net: dict[Earning, int] = {}
    for decision, rules in decisions:
        for given in decision.applied:
            rule = rules.by_no[given.rule_no].rule
            earning = Earning(
                code=rule.code,
                point_type=rule.point_type,
                available_on=max(given.available_on, business_on),
                expires_on=given.expires_on,
                expiry_policy=rule.expiry_policy,
                cost_bearers=rule.cost_bearers,
                campaign=rule.campaign,
                is_own=given.is_of_its_earning,
            )
            first.setdefault(earning, given)
            net[earning] = net.get(earning, 0) + given.points
    return first, net
