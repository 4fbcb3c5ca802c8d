"""Remainders of a point that a customer keeps, and what refunds take by them (contracts.md section 5: "With `carry`")."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from msgspec import Struct

from accrual.domain.decision import NOTHING, Carried, Decision, Given
from accrual.domain.usage import UsageRead

if TYPE_CHECKING:
    from accrual.domain.rules_in_force import RulesOnDate


class CarriedLeft(Struct, array_like=True, frozen=True, gc=False):
    """What is left of a rule's part in a purchase: what its form exactly gave for the amount that remains ("3/4"), and whole points that were cut."""

    exact: str
    cut: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenByRemainder:
    """What a refund takes from the rules of its original that carry, by rule_no.

    `points_left` of their own earnings; `beyond`: what they had no points left for, as `Given`s; `carried`: how the remainders change; `left`: for the next
    refund.
    """

    points_left: dict[int, int]
    beyond: tuple[Given, ...]
    carried: dict[int, Carried]
    left: dict[int, CarriedLeft]


NOTHING_TAKEN = TakenByRemainder(points_left={}, beyond=(), carried={}, left={})


def untouched_carried(decision: Decision) -> dict[int, CarriedLeft]:
    """Return what is left, before any refund, of the rules that carried a remainder: all, with what limits, groups or budgets cut of their whole points."""
    given = {each.rule_no: each.points for each in decision.applied}
    carried = ((rule_no, each) for rule_no, each in decision.seen.carried.items() if each.exact != NOTHING)
    return {rule_no: CarriedLeft(each.exact, each.whole - given.get(rule_no, 0)) for rule_no, each in carried}


def take_by_remainder(
    decision: Decision, points: Sequence[int], left: Mapping[int, CarriedLeft], again: Decision, in_force: "RulesOnDate", usage: UsageRead
) -> TakenByRemainder:
    """Return what a refund takes from the carrying rules of a decision, whose earnings have `points` left; `again` decides the amount that remains.

    What the form no longer gives is subtracted from the remainder of now, and whole points are taken until it is not negative: first those that were cut,
    which were never given, then the earning's own, then, with `given` 0, any others of the customer's.
    """
    if not left:
        return NOTHING_TAKEN
    own = {given.rule_no: points_left for given, points_left in zip(decision.applied, points, strict=True) if given.rule_no in left}
    beyond: list[Given] = []
    changed: dict[int, Carried] = {}
    left_after: dict[int, CarriedLeft] = {}
    for rule_no, before in left.items():
        worth = again.seen.carried.get(rule_no)
        exact = min(Fraction(before.exact), Fraction(worth.exact) if worth is not None else Fraction(0))
        rule = in_force.by_no[rule_no]
        carried = Carried(str(usage.remainder_of(rule)), str(exact - Fraction(before.exact)))
        if carried.exact != NOTHING:
            changed[rule_no] = carried
        take = -carried.whole
        from_cut = min(take, before.cut)
        from_own = min(take - from_cut, own.get(rule_no, 0))
        if from_own:
            own[rule_no] -= from_own
        if take > from_cut + from_own:
            beyond.append(Given(rule_no, 0, from_cut + from_own - take, *in_force.dates[rule]))
        left_after[rule_no] = CarriedLeft(str(exact), before.cut - from_cut)
    return TakenByRemainder(points_left=own, beyond=tuple(beyond), carried=changed, left=left_after)
