"""What every change of an order brings with it: its row, its pieces, the fact that is published, the answer of the call it moved for."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final

from gift_order.application.answering import answer_of
from gift_order.application.ports import Work
from gift_order.domain.orders import MOVING, Order, Status
from gift_order.domain.saga import stamped
from loyalty_shared.contracts.gift_order import (
    OrderCancelledV1,
    OrderConfirmedV1,
    OrderFailedV1,
    OrderPaidV1,
    OrderPlacedV1,
    OrderReceivedV1,
    OrderReturnedV1,
    OrderShippedV1,
)

#: The states whose coming is a fact for others.
_FACTS: Final[Mapping[Status, type[OrderPlacedV1]]] = {
    Status.CONFIRMED: OrderConfirmedV1,
    Status.SHIPPED: OrderShippedV1,
    Status.RECEIVED: OrderReceivedV1,
    Status.CANCELLED: OrderCancelledV1,
    Status.RETURNED: OrderReturnedV1,
    Status.FAILED: OrderFailedV1,
    Status.CASH_REFUND_DUE: OrderFailedV1,
}


def post_change(work: Work, before: Order, after: Order, on: date, now: datetime) -> Order:
    """Write what has become of a locked order, and return it as written. Pieces it takes from the stock are taken before."""
    order = stamped(after, now)
    work.orders.save(order)
    if before.has_pieces and not order.has_pieces:
        work.gifts.put_back(order, now)
    if order.status is Status.SHIPPED:
        work.gifts.note_shipped(order, now)
    if order.status is not before.status:
        is_paid = before.status is Status.AWAITING_PAYMENT and order.status is Status.CAPTURING
        fact = OrderPaidV1 if is_paid else _FACTS.get(order.status)
        if fact is not None:
            work.publish((order.legal_entity, order.customer_no), [fact_of(order, fact, on, now)], now)
    if order.status not in MOVING or order.status is Status.FAILING:  # a failing order's caller need not wait for its hold's end
        work.calls.finish(order.legal_entity, order.order_id, answer_of(order), now)
    return order


def fact_of(order: Order, fact: type[OrderPlacedV1], on: date, now: datetime) -> OrderPlacedV1:
    """Return an order's fact, as the order is now."""
    return fact(
        legal_entity=order.legal_entity,
        order_id=order.order_id,
        customer_no=order.customer_no,
        gift_code=order.gift_code,
        supplier=order.supplier,
        quantity=order.quantity,
        points=order.points,
        cash_minor=order.cash_minor,
        currency=order.currency,
        cash_refund_due_minor=order.cash_refund_due_minor,
        status=order.status.value,
        reason=order.reason,
        reservation_id=order.reservation_id,
        redemption_id=order.redemption_id,
        business_on=on,
        at=now,
    )
