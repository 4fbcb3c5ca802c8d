"""What gift-order publishes: what has become of an order, and wishes that came within reach (topic `loyalty.gift-order.orders`)."""

from datetime import date, datetime

from msgspec import Struct


class OrderPlacedV1(Struct, gc=False, frozen=True, kw_only=True):
    """An order was accepted; its points are not reserved yet. `points` and `cash_minor` are of the whole order, `quantity` pieces of one gift.

    All facts of an order have these fields, as they are after it. `cash_refund_due_minor`: cash that was paid and has to be given back.
    `reason`: the code of what ended an order before its time, else None. `business_on`: the business date that the fact belongs to.
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
    cash_refund_due_minor: int
    status: str
    reason: str | None
    reservation_id: str | None
    redemption_id: str | None
    business_on: date
    at: datetime


class OrderPaidV1(OrderPlacedV1, frozen=True, kw_only=True, gc=False):
    """The cash part was paid; the points are captured next."""


class OrderConfirmedV1(OrderPlacedV1, frozen=True, kw_only=True, gc=False):
    """Points are captured and pieces are the order's: the supplier may deliver, and is owed for it."""


class OrderShippedV1(OrderPlacedV1, frozen=True, kw_only=True, gc=False):
    """The pieces are on their way."""


class OrderReceivedV1(OrderPlacedV1, frozen=True, kw_only=True, gc=False):
    """The customer has the pieces."""


class OrderCancelledV1(OrderPlacedV1, frozen=True, kw_only=True, gc=False):
    """Ended before shipping; points and pieces are back. When it was confirmed before, the supplier is owed nothing for it any more."""


class OrderReturnedV1(OrderPlacedV1, frozen=True, kw_only=True, gc=False):
    """Returned after shipping; points and pieces are back, and the supplier's part with them."""


class OrderFailedV1(OrderPlacedV1, frozen=True, kw_only=True, gc=False):
    """Could not be filled (`reason`); no points are taken and no pieces kept. Status `cash-refund-due`: its cash part had been paid."""


class GiftCameWithinReachV1(Struct, gc=False, frozen=True, kw_only=True):
    """A customer now has the points for a gift on their wish list; `available` is what they had when redemption was asked."""

    legal_entity: str
    wish_id: str
    customer_no: str
    gift_code: str
    points: int
    available: int
    at: datetime


ORDERS = {
    "loyalty.gift-order.order.placed.v1": OrderPlacedV1,
    "loyalty.gift-order.order.paid.v1": OrderPaidV1,
    "loyalty.gift-order.order.confirmed.v1": OrderConfirmedV1,
    "loyalty.gift-order.order.shipped.v1": OrderShippedV1,
    "loyalty.gift-order.order.received.v1": OrderReceivedV1,
    "loyalty.gift-order.order.cancelled.v1": OrderCancelledV1,
    "loyalty.gift-order.order.returned.v1": OrderReturnedV1,
    "loyalty.gift-order.order.failed.v1": OrderFailedV1,
    "loyalty.gift-order.gift.came_within_reach.v1": GiftCameWithinReachV1,
}
