"""Freezes: points of a customer that stay where they are and cannot be spent, all of them or a number, until a date or until they are lifted.

A freeze fixes no lots: which points it has a hold on follows from what can be spent at that moment. So earning, claw-backs and expiry need not know of it.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final, NamedTuple

#: An account's freezes are read with it each time: so many at once, and no more.
FREEZES_MAX: Final = 100


class Freeze(NamedTuple):
    """A freeze that has not been lifted, as an account knows it. `points` None: all; `until`: the last business date on which it stands, None: no end."""

    freeze_id: str
    points: int | None
    until: date | None

    def stands_on(self, on: date) -> bool:
        """Tell whether it keeps points from being spent on a business date: it ends by itself."""
        return self.until is None or on <= self.until


def frozen_points(freezes: Iterable[Freeze], on: date, open_points: int) -> int:
    """Return how many of `open_points` that could otherwise be spent are frozen: the sum of the freezes that stand; what exceeds them has nothing to hold."""
    frozen = 0
    for freeze in freezes:
        if freeze.stands_on(on):
            if freeze.points is None:
                return open_points
            frozen += freeze.points
    return min(frozen, open_points)


def is_wholly_frozen(freezes: Collection[Freeze], on: date) -> bool:
    """Tell whether a freeze of all points stands: then nothing at all is spent or set aside, whatever arrives."""
    return any(freeze.points is None and freeze.stands_on(on) for freeze in freezes)


class FreezeStatus(StrEnum):
    """What has become of a freeze. It leaves `FROZEN` once, for good."""

    FROZEN = "frozen"
    LIFTED = "lifted"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFreeze:
    """A freeze as it is kept: what it holds, why, and who made and ended it."""

    freeze: Freeze
    customer_no: str
    reason: str
    frozen_by: str
    frozen_at: datetime
    status: FreezeStatus = FreezeStatus.FROZEN
    ended_by: str | None = None
    ended_at: datetime | None = None

    def status_on(self, on: date) -> FreezeStatus:
        """Return the status on a business date: a freeze ends by the date, whether or not its end has been written down."""
        return FreezeStatus.ENDED if self.status is FreezeStatus.FROZEN and not self.freeze.stands_on(on) else self.status
