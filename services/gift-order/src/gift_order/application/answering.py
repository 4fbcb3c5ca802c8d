"""What callers are told: an order as it stands, or why not."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from gift_order.domain.gifts import Gift
from gift_order.domain.orders import MOVING, Order, Status
from gift_order.domain.refusals import Refusal
from gift_order.domain.wishes import Wish
from loyalty_shared.web.idempotency import Answer

_ORDER: Final = "path.order_id"

#: For each refusal: the part of the call it is about, the fault, and what to do.
REASONS: Final[Mapping[Refusal, tuple[str, str, str]]] = {
    Refusal.GIFT_UNKNOWN: ("gift_code", "no such gift in this entity", "List the entity's gifts."),
    Refusal.GIFT_EXISTS: ("body.gift_code", "a gift of this code exists", "Choose another code, or change that gift's stock or shelf."),
    Refusal.GIFT_OFF_SHELF: ("body.gift_code", "the gift is off the shelf", "Order another one, or wait until it is back."),
    Refusal.GIFT_LOCKED: ("body.customer_no", "the customer has not earned in the gift's campaign", "Earn in the campaign first; the gift shows which."),
    Refusal.GIFT_LIMIT_REACHED: ("body.quantity", "more pieces than one customer may have", "Order no more than the gift's customer_limit in all."),
    Refusal.PRICE_MISMATCH: ("body.pay", "not what the pieces cost", "Ask for the gift: pay quantity times its points and cash_minor, or leave pay out."),
    Refusal.OUT_OF_STOCK: ("body.quantity", "more pieces than are left", "Order fewer, or wait until there are more."),
    Refusal.STOCK_BELOW_ZERO: ("body.pieces", "more pieces than there are", "Take away no more than the gift's stock."),
    Refusal.ORDER_UNKNOWN: (_ORDER, "no such order in this entity", "Use the order_id that the order was answered with."),
    Refusal.ORDER_IN_PROGRESS: (_ORDER, "another call moves the order", "Try again in a second."),
    Refusal.ORDER_NOT_PAID: (_ORDER, "the cash part is not paid", "Pay the order first, or cancel it."),
    Refusal.ORDER_NOT_SHIPPED: (_ORDER, "the order is not shipped", "Ship it first; before that it can be cancelled."),
    Refusal.ORDER_SHIPPED: (_ORDER, "the order is shipped", "It can be received or returned."),
    Refusal.ORDER_RECEIVED: (_ORDER, "the order is received", "It can be returned."),
    Refusal.ORDER_CANCELLED: (_ORDER, "the order is cancelled", "Place another order."),
    Refusal.ORDER_RETURNED: (_ORDER, "the order is returned", "Place another order."),
    Refusal.ORDER_FAILED: (_ORDER, "the order failed; it shows why", "Place another order."),
    Refusal.ALREADY_PAID: (_ORDER, "the cash part is paid", "Nothing is left to pay."),
    Refusal.NOTHING_TO_PAY: (_ORDER, "the order has no cash part", "Nothing is to be paid."),
    Refusal.PAYMENT_MISMATCH: ("body.cash_minor", "not the order's cash part", "Pay exactly what the order shows."),
    Refusal.NOT_PAID_IN_TIME: (_ORDER, "the time to pay is over", "Place another order; give back what was paid."),
    Refusal.NOT_RESERVED_IN_TIME: ("request", "the points could not be reserved in time", "Place the order again, under a new key."),
    Refusal.CUSTOMER_UNKNOWN: ("body.customer_no", "this customer never had an account", "Check the customer's number and the entity."),
    Refusal.INSUFFICIENT_POINTS: ("body.customer_no", "the order costs more points than the customer has", "Earn more first, or order less."),
    Refusal.ACCOUNT_FROZEN: ("body.customer_no", "the customer's points are frozen", "Have them released first."),
    Refusal.ACCOUNT_CLOSED: ("body.customer_no", "the customer's account is closed", "Nothing can be spent from it."),
    Refusal.CUSTOMER_BLACKLISTED: ("body.customer_no", "the customer is blacklisted", "Nothing can be spent until core banking says otherwise."),
    Refusal.LIMIT_EXCEEDED: ("body.quantity", "above a limit of points spent in the mall", "Order less."),
    Refusal.APPLICATION_NOT_OPEN: ("request", "the mall is closed for points", "Wait until its application is open at redemption."),
    Refusal.BELOW_MINIMUM: ("body.quantity", "fewer points than the mall takes", "Order more."),
    Refusal.NOT_A_STEP: ("body.quantity", "not a number of points that the mall takes", "Order another quantity."),
    Refusal.RESERVATION_EXPIRED: ("request", "the hold on the points ended before they were captured", "Place the order again."),
    Refusal.RESERVATION_RELEASED: ("request", "the hold on the points was released from outside", "Place the order again."),
    Refusal.REDEMPTION_REFUSED: ("request", "redemption refused the points", "The log says why, under the order's number."),
}


@dataclass(frozen=True, slots=True)
class Reply:
    """What a call is told. `is_final` False: its order still moves, by itself; the same call made again tells what came of it."""

    answer: Answer
    is_final: bool = True


def refused(refusal: Refusal) -> Answer:
    """Return the answer of a refusal, with its reason."""
    path, fault, remedy = REASONS[refusal]
    return Answer({"reasons": [{"path": path, "fault": fault, "remedy": remedy}]}, refusal)


def answer_of(order: Order) -> Answer:
    """Return what the call that moved an order is told once it rests: the order, or why it failed."""
    if order.status in (Status.FAILING, Status.FAILED):
        assert order.reason is not None
        return refused(order.reason)
    return Answer(shown(order))


def reply_of(order: Order) -> Reply:
    """Return what a call is told of its order as it is now."""
    if order.status in MOVING and order.status is not Status.FAILING:
        return Reply(Answer(shown(order)), is_final=False)
    return Reply(answer_of(order))


def shown(order: Order) -> dict[str, Any]:
    """Return an order as callers see it."""
    return {
        "order_id": order.order_id,
        "status": order.status,
        "reason": order.reason,
        "customer_no": order.customer_no,
        "gift_code": order.gift_code,
        "supplier": order.supplier,
        "quantity": order.quantity,
        "pay": {"points": order.points, "cash_minor": order.cash_minor, "currency": order.currency},
        "pay_by": order.pay_by,
        "paid_minor": order.paid_minor,
        "payment_no": order.payment_no,
        "cash_refund_due_minor": order.cash_refund_due_minor,
        "delivery": order.delivery,
        "reservation_id": order.reservation_id,
        "redemption_id": order.redemption_id,
        "placed_at": order.placed_at,
        "changed_at": order.changed_at,
    }


def gift_shown(gift: Gift) -> dict[str, Any]:
    """Return a gift as callers see it."""
    return {name: value for name, value in asdict(gift).items() if name != "legal_entity"}


def wish_shown(wish: Wish) -> dict[str, Any]:
    """Return a wish as callers see it."""
    return {
        "wish_id": wish.wish_id,
        "customer_no": wish.customer_no,
        "gift_code": wish.gift_code,
        "points": wish.points,
        "status": wish.status,
        "wished_at": wish.wished_at,
        "told_at": wish.told_at,
    }
