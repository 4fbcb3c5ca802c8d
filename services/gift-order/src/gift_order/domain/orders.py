"""Orders: their states, and what a caller may ask of one in each."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

from gift_order.domain.refusals import Refusal


class Status(StrEnum):
    """Where an order stands. Those of `MOVING` are driven on until they come to rest, by the call that began it or by the sweeper."""

    PLACED = "placed"
    AWAITING_PAYMENT = "awaiting-payment"
    CAPTURING = "capturing"
    CONFIRMED = "confirmed"
    SHIPPED = "shipped"
    RECEIVED = "received"
    FAILING = "failing"
    FAILED = "failed"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"
    RETURNING = "returning"
    RETURNED = "returned"
    CASH_REFUND_DUE = "cash-refund-due"


MOVING: Final = frozenset((Status.PLACED, Status.CAPTURING, Status.FAILING, Status.CANCELLING, Status.RETURNING))
#: States in which the order has its pieces: they left the stock when its points were reserved, and go back when it ends before its time.
WITH_PIECES: Final = frozenset(
    (
        Status.AWAITING_PAYMENT,
        Status.CAPTURING,
        Status.CONFIRMED,
        Status.SHIPPED,
        Status.RECEIVED,
        Status.CANCELLING,
        Status.RETURNING,
    )
)
#: What an order in this state says to a call that is not for it.
_WRONG_STATE: Final[Mapping[Status, Refusal]] = {
    Status.PLACED: Refusal.ORDER_IN_PROGRESS,
    Status.AWAITING_PAYMENT: Refusal.ORDER_NOT_PAID,
    Status.CAPTURING: Refusal.ORDER_IN_PROGRESS,
    Status.CONFIRMED: Refusal.ORDER_NOT_SHIPPED,
    Status.SHIPPED: Refusal.ORDER_SHIPPED,
    Status.RECEIVED: Refusal.ORDER_RECEIVED,
    Status.FAILING: Refusal.ORDER_FAILED,
    Status.FAILED: Refusal.ORDER_FAILED,
    Status.CANCELLING: Refusal.ORDER_CANCELLED,
    Status.CANCELLED: Refusal.ORDER_CANCELLED,
    Status.RETURNING: Refusal.ORDER_RETURNED,
    Status.RETURNED: Refusal.ORDER_RETURNED,
    Status.CASH_REFUND_DUE: Refusal.ORDER_FAILED,
}
_PAST_PAYMENT: Final = frozenset((Status.CAPTURING, Status.CONFIRMED, Status.SHIPPED, Status.RECEIVED))


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order of some pieces of one gift, at the price it had then (`points`, `cash_minor`: of all pieces).

    `placed_on`: the business date that names its calls to redemption. `pay_by`: until when the cash part can be paid, None before the points are
    reserved. `reason`: what ended it before its time. `version`: changes so far. `attend_at`: when the sweeper looks at it, None: it rests; `tries`:
    how often its present step was tried in vain.
    """

    legal_entity: str
    order_id: str
    customer_no: str
    gift_code: str
    supplier: str | None
    quantity: int
    points: int
    cash_minor: int
    currency: str
    delivery: Mapping[str, Any] | str | None
    status: Status
    placed_on: date
    placed_at: datetime
    changed_at: datetime
    version: int = 1
    attend_at: datetime | None = None
    tries: int = 0
    reason: Refusal | None = None
    reservation_id: str | None = None
    redemption_id: str | None = None
    pay_by: datetime | None = None
    payment_no: str | None = None
    paid_minor: int = 0

    @property
    def has_pieces(self) -> bool:
        """Tell whether pieces of the stock are this order's."""
        return self.status in WITH_PIECES

    @property
    def cash_refund_due_minor(self) -> int:
        """The cash that was paid and is to be given back, because the order came to nothing."""
        return self.paid_minor if self.status in (Status.CANCELLED, Status.RETURNED, Status.CASH_REFUND_DUE) else 0


def decide_payment(order: Order, cash_minor: int | None, payment_no: str | None, now: datetime) -> Order | Refusal:
    """Return the order with its cash part paid: all of it (None: whatever it is), in time."""
    if order.status in _PAST_PAYMENT and (order.paid_minor or not order.cash_minor):
        return Refusal.ALREADY_PAID if order.paid_minor else Refusal.NOTHING_TO_PAY
    if order.status is not Status.AWAITING_PAYMENT:
        return _WRONG_STATE[order.status]
    assert order.pay_by is not None
    if now >= order.pay_by:
        return Refusal.NOT_PAID_IN_TIME
    if cash_minor is not None and cash_minor != order.cash_minor:
        return Refusal.PAYMENT_MISMATCH
    return replace(order, status=Status.CAPTURING, paid_minor=order.cash_minor, payment_no=payment_no)


def decide_shipping(order: Order) -> Order | Refusal:
    """Return the order as shipped: once it is confirmed."""
    return replace(order, status=Status.SHIPPED) if order.status is Status.CONFIRMED else _WRONG_STATE[order.status]


def decide_receipt(order: Order) -> Order | Refusal:
    """Return the order as received: once it is shipped."""
    return replace(order, status=Status.RECEIVED) if order.status is Status.SHIPPED else _WRONG_STATE[order.status]


def decide_cancellation(order: Order) -> Order | Refusal:
    """Return the order on its way to cancelled: before it is shipped."""
    if order.status in (Status.AWAITING_PAYMENT, Status.CONFIRMED):
        return replace(order, status=Status.CANCELLING)
    return _WRONG_STATE[order.status]


def decide_return(order: Order) -> Order | Refusal:
    """Return the order on its way to returned: once it is shipped."""
    return replace(order, status=Status.RETURNING) if order.status in (Status.SHIPPED, Status.RECEIVED) else _WRONG_STATE[order.status]
