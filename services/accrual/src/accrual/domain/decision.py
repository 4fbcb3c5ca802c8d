"""A decision: what became of one transaction or refund, and the little that is stored to explain it or to decide it again."""

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from math import floor
from typing import Final

import msgspec
from msgspec import Struct

from accrual.domain.reasons import Outcome, Reason

#: What limits by period had used before a decision: rule_no > used, in the order of that version's limits by period.
Used = dict[int, tuple[int, ...]]

#: What was left of the budgets that cut a decision, before it: campaign > points.
Rooms = dict[str, int]


class Given(Struct, array_like=True, frozen=True, gc=False):
    """What one rule gave: `given` before its limits, `points` after them.

    Of a refund both are negative: what is taken from that rule's earning, whose dates these are. `given` 0 with negative points: more than that earning
    had left, which a rule that carries its remainder may take (see `carrying`); it begins with other lots.
    """

    rule_no: int
    given: int
    points: int
    available_on: date
    expires_on: date | None

    @property
    def is_of_its_earning(self) -> bool:
        """Tell whether these points are of the rule's own earning: always, but for what a refund takes beyond it."""
        return self.given != 0


class Carried(Struct, array_like=True, frozen=True, gc=False):
    """The remainder of a rule before an event, and what its earning form gives exactly for that; a refund takes, so its is negative. Fractions as "3/4"."""

    before: str
    exact: str

    @property
    def whole(self) -> int:
        """Return the whole points that come of it, rounded down: what a refund takes leaves no negative remainder."""
        return floor(Fraction(self.before) + Fraction(self.exact))

    @property
    def after(self) -> Fraction:
        """Return the remainder that is kept, from 0 to below 1."""
        return Fraction(self.before) + Fraction(self.exact) - self.whole


#: No fraction of a point.
NOTHING: Final = "0"


class Seen(Struct, frozen=True, gc=False, omit_defaults=True):
    """What rules that count, carry or convert saw of an event, by rule_no: so that its refunds and explanations see the same.

    `counts`: what each of a rule's counts had come to before; `counted`: 1 where the event counts, -1 where a refund ends that; `carried`: remainders;
    `rates`: the rates used, by currency; `rooms`: what was left of the budgets that cut what it gave, by campaign.
    """

    counts: dict[int, tuple[int, ...]] = {}
    counted: dict[int, int] = {}
    carried: dict[int, Carried] = {}
    rates: dict[str, str] = {}
    rooms: Rooms = {}


NOTHING_SEEN: Final = Seen()


class Decision(Struct, frozen=True, gc=False):
    """What became of one event. `points` is signed: a refund's is negative. `transaction_on` is the event's own; `rule_set` the number it was decided with."""

    outcome: Outcome
    points: int
    reason: Reason | None
    transaction_on: date
    rule_set: int
    applied: tuple[Given, ...] = ()
    used: Used = {}
    seen: Seen = NOTHING_SEEN


class _Stored(Struct, omit_defaults=True, gc=False):
    a: tuple[Given, ...] = ()
    u: Used = {}
    s: Seen | None = None


_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final = msgspec.json.Decoder(_Stored)


def stored_applied(decision: Decision) -> str | None:
    """Return the decision's compact JSON for the `applied` column; None when no rule gave anything, no limit had been used and no rule saw more."""
    seen = None if decision.seen is NOTHING_SEEN else decision.seen
    if not decision.applied and not decision.used and seen is None:
        return None
    return _ENCODER.encode(_Stored(decision.applied, decision.used, seen)).decode()


def stored_posted(posted: Sequence[Given]) -> str:
    """Return the compact JSON of what is published in place of `applied`; `applied_from` reads it."""
    return _ENCODER.encode(_Stored(tuple(posted))).decode()


def applied_from(stored: str | bytes | None) -> tuple[tuple[Given, ...], Used, Seen]:
    """Return `applied`, `used` and `seen` of a stored decision."""
    if stored is None:
        return (), {}, NOTHING_SEEN
    parsed = _DECODER.decode(stored)
    return parsed.a, parsed.u, parsed.s or NOTHING_SEEN


def earning_id(source_system: str, no: str, leg: int | str, rule_code: str, recalculated_by: str | None = None) -> str:
    """Return the name of what one rule gave for one event: the same over replays, restores and what-if. Of what has no leg, its kind stands there.

    What a recalculation gave beyond that is named after it.
    """
    name = f"{source_system}:{no}:{leg}:{rule_code}"
    return name if recalculated_by is None else f"{name}:recalculation:{recalculated_by}"


def negated(applied: Sequence[Given]) -> tuple[Given, ...]:
    """Return what takes back all that was given, or gives back all that was taken."""
    return tuple([Given(given.rule_no, -given.given, -given.points, given.available_on, given.expires_on) for given in applied])


def total_of(applied: Sequence[Given]) -> int:
    """Return the signed points of all that was given or taken."""
    return sum([given.points for given in applied])
