"""The saga of an order: which step is next, and what the order is after it. Every step can be taken again without harm, so a crash between two is none."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, assert_never

from gift_order.domain.orders import MOVING, Order, Status
from gift_order.domain.refusals import Refusal, refusal_from

#: How long a customer has to pay the cash part.
PAY_WITHIN: Final = timedelta(minutes=15)
#: How long points are held for an order without a cash part: it needs seconds.
HOLD_FOR: Final = timedelta(minutes=15)
#: By how much the hold outlives the pay deadline, so that a payment in the last second can still be captured.
HOLD_BEYOND_PAYMENT: Final = timedelta(hours=1)
#: An order whose points could not be reserved by then is given up: its customer has gone on.
RESERVE_WITHIN: Final = timedelta(seconds=60)
#: After a step, others leave the order alone for this long; after a crash it is how long the order waits. Longer than a call to redemption takes.
LEASE: Final = timedelta(seconds=8)
#: How seldom a step that fails every time is tried: often enough for all to end within a minute of redemption's return.
PAUSE_MAX: Final = timedelta(seconds=10)


class Step(StrEnum):
    """What is done next about an order: a call to redemption, or (the last two) a decision of our own."""

    RESERVE = "reserve"
    CAPTURE = "capture"
    REVERSE = "reverse"
    GIVE_UP = "give-up"
    CLOSE_UNPAID = "close-unpaid"


@dataclass(frozen=True, slots=True)
class Done:
    """Redemption did it; `made` is the handle of what the call made, of a reversal how it ended."""

    made: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """Redemption refused it for good."""

    code: str


@dataclass(frozen=True, slots=True)
class Unavailable:
    """Nobody knows whether it was done: no answer came, or one that says to try again. `detail` is for the log."""

    detail: str


@dataclass(frozen=True, slots=True)
class Unreachable(Unavailable):
    """The call never came to redemption: none will, until it is back."""


Outcome = Done | Refused | Unavailable


def decide_step(order: Order, now: datetime) -> Step | None:
    """Return the next step of an order, None when it rests."""
    match order.status:
        case Status.PLACED:
            return Step.GIVE_UP if now >= order.placed_at + RESERVE_WITHIN else Step.RESERVE
        case Status.AWAITING_PAYMENT:
            return Step.CLOSE_UNPAID if order.pay_by is not None and now >= order.pay_by else None
        case Status.CAPTURING:
            return Step.CAPTURE
        case Status.FAILING | Status.CANCELLING | Status.RETURNING:
            return Step.REVERSE
        case Status.CONFIRMED | Status.SHIPPED | Status.RECEIVED | Status.FAILED | Status.CANCELLED | Status.RETURNED | Status.CASH_REFUND_DUE:
            return None
    assert_never(order.status)


def after_own_step(order: Order, step: Step) -> Order:
    """Return the order after a step that asks nobody."""
    if step is Step.GIVE_UP:
        return replace(order, status=Status.FAILING, reason=Refusal.NOT_RESERVED_IN_TIME)
    return replace(order, status=Status.CANCELLING, reason=Refusal.NOT_PAID_IN_TIME)


def after_reservation(order: Order, outcome: Done | Refused, *, has_pieces: bool, now: datetime) -> Order:
    """Return the order after its points were asked for. `has_pieces`: it got its pieces from the stock; without them it fails and the points go back."""
    if isinstance(outcome, Refused):
        return replace(order, status=Status.FAILED, reason=refusal_from(outcome.code))
    held = replace(order, reservation_id=outcome.made)
    if not has_pieces:
        return replace(held, status=Status.FAILING, reason=Refusal.OUT_OF_STOCK)
    if order.cash_minor:
        return replace(held, status=Status.AWAITING_PAYMENT, pay_by=now + PAY_WITHIN)
    return replace(held, status=Status.CAPTURING)


def after_capture(order: Order, outcome: Done | Refused) -> Order:
    """Return the order after its hold was to be captured. Refused for good, no points are taken: what was paid in cash is due back."""
    if isinstance(outcome, Done):
        return replace(order, status=Status.CONFIRMED, redemption_id=outcome.made)
    return replace(order, status=Status.CASH_REFUND_DUE if order.paid_minor else Status.FAILED, reason=refusal_from(outcome.code))


def after_giving_back(order: Order) -> Order:
    """Return the order once its points are the customer's again."""
    ended = {Status.FAILING: Status.FAILED, Status.CANCELLING: Status.CANCELLED, Status.RETURNING: Status.RETURNED}
    return replace(order, status=ended[order.status])


def hold_seconds(order: Order) -> int:
    """Return how long the order's points are to be held: the same at every try."""
    return int((PAY_WITHIN + HOLD_BEYOND_PAYMENT if order.cash_minor else HOLD_FOR).total_seconds())


def stamped(order: Order, now: datetime) -> Order:
    """Return a changed order with its version, the time, and when the sweeper is to look at it."""
    attend_at = now + LEASE if order.status in MOVING else order.pay_by if order.status is Status.AWAITING_PAYMENT else None
    return replace(order, version=order.version + 1, changed_at=now, attend_at=attend_at, tries=0)


def pause_after(tries: int) -> timedelta:
    """Return how long to wait after that many vain tries of one step."""
    return min(timedelta(seconds=2 ** min(tries, 10)), PAUSE_MAX)
