"""A decision: what became of one transaction or refund, and the little that is stored to explain it or to decide it again."""

from collections.abc import Sequence
from datetime import date
from typing import Final

import msgspec
from msgspec import Struct

from accrual.domain.reasons import Outcome, Reason

#: What limits by period had used before a decision: rule_no > used, in the order of that version's limits by period.
Used = dict[int, tuple[int, ...]]


class Given(Struct, array_like=True, frozen=True, gc=False):
    """What one rule gave: `given` before its limits, `points` after them.

    Of a refund both are negative: what is taken from that rule's earning, whose dates these are.
    """

    rule_no: int
    given: int
    points: int
    available_on: date
    expires_on: date | None


class Decision(Struct, frozen=True, gc=False):
    """What became of one event. `points` is signed: a refund's is negative. `transaction_on` is the event's own; `rule_set` the number it was decided with."""

    outcome: Outcome
    points: int
    reason: Reason | None
    transaction_on: date
    rule_set: int
    applied: tuple[Given, ...] = ()
    used: Used = {}


class _Stored(Struct, omit_defaults=True, gc=False):
    a: tuple[Given, ...] = ()
    u: Used = {}


_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final = msgspec.json.Decoder(_Stored)


def stored_applied(decision: Decision) -> str | None:
    """Return the decision's compact JSON for the `applied` column; None when no rule gave anything and no limit had been used."""
    if not decision.applied and not decision.used:
        return None
    return _ENCODER.encode(_Stored(decision.applied, decision.used)).decode()


def applied_from(stored: str | bytes | None) -> tuple[tuple[Given, ...], Used]:
    """Return `applied` and `used` of a stored decision."""
    if stored is None:
        return (), {}
    parsed = _DECODER.decode(stored)
    return parsed.a, parsed.u


def earning_id(source_system: str, no: str, leg: int, rule_code: str) -> str:
    """Return the name of what one rule gave for one transaction: the same over replays, restores and what-if."""
    return f"{source_system}:{no}:{leg}:{rule_code}"


def total_of(applied: Sequence[Given]) -> int:
    """Return the signed points of all that was given or taken."""
    return sum([given.points for given in applied])
