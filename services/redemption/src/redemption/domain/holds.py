"""Holds: points set aside for a reservation until it is captured, released, or its time is up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final, assert_never

from redemption.domain.lots import LotPart
from redemption.domain.refusals import Refusal

EXPIRES_IN_SECONDS_DEFAULT: Final = 15 * 60
#: Long enough for an order that is paid at a counter; held points are kept from the customer, so not longer.
EXPIRES_IN_SECONDS_MAX: Final = 30 * 24 * 60 * 60


class HoldStatus(StrEnum):
    """What has become of a hold. It leaves `RESERVED` once, for good."""

    RESERVED = "reserved"
    CAPTURED = "captured"
    RELEASED = "released"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A reservation. `lots` are fixed when it is made, in the order of spending; `redemption_id` is what its capture made; `merchant_no` where the
    points are to be spent, when the channel said so; `counted_on` the business date whose limits it counts in; `quote_id` the quote it was made at;
    `spent_by` the pool member who asked for it, None: whose points they are.
    """

    reservation_id: str
    customer_no: str
    points: int
    application: str
    channel: str
    lots: tuple[LotPart, ...]
    expires_at: datetime
    status: HoldStatus
    redemption_id: str | None = None
    merchant_no: str | None = None
    counted_on: date | None = None
    quote_id: str | None = None
    spent_by: str | None = None

    def status_at(self, now: datetime) -> HoldStatus:
        """Return the status at an instant: a hold ends by the clock, whether or not its end has been written down."""
        if self.status is HoldStatus.RESERVED and now >= self.expires_at:
            return HoldStatus.EXPIRED
        return self.status


@dataclass(frozen=True, slots=True)
class Captured:
    """How a hold's lots are divided by its capture: `taken` are spent, `released` are the customer's again."""

    taken: tuple[LotPart, ...]
    released: tuple[LotPart, ...]


def decide_capture(hold: Hold, points: int | None, now: datetime) -> Captured | Refusal:
    """Return what a capture of `points` (None: all) takes from the hold's lots, first held first, or why it is refused."""
    status = hold.status_at(now)
    match status:
        case HoldStatus.RESERVED:
            wanted = hold.points if points is None else points
            if wanted > hold.points:
                return Refusal.INSUFFICIENT_POINTS
            return Captured(*divide(hold.lots, wanted))
        case HoldStatus.CAPTURED:
            return Refusal.ALREADY_CAPTURED
        case HoldStatus.RELEASED:
            return Refusal.RESERVATION_RELEASED
        case HoldStatus.EXPIRED:
            return Refusal.RESERVATION_EXPIRED
    assert_never(status)


def decide_release(hold: Hold, now: datetime) -> tuple[LotPart, ...] | Refusal:
    """Return the parts that a release gives back: none when the hold has ended already without a capture, because then they are free."""
    status = hold.status_at(now)
    match status:
        case HoldStatus.RESERVED:
            return hold.lots
        case HoldStatus.RELEASED | HoldStatus.EXPIRED:
            return ()
        case HoldStatus.CAPTURED:
            return Refusal.ALREADY_CAPTURED
    assert_never(status)


def divide(parts: Sequence[LotPart], points: int) -> tuple[tuple[LotPart, ...], tuple[LotPart, ...]]:
    """Divide parts, in their order, into the first `points` points and the rest."""
    first: list[LotPart] = []
    rest: list[LotPart] = []
    for lot, held in parts:
        taken = min(held, points)
        points -= taken
        if taken:
            first.append(LotPart(lot, taken))
        if held > taken:
            rest.append(LotPart(lot, held - taken))
    return tuple(first), tuple(rest)
