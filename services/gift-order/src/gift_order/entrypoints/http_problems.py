"""The one table from refusal to problem."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from gift_order.application.answering import REASONS
from gift_order.domain.refusals import Refusal
from loyalty_shared.web.documents import documented_problems
from loyalty_shared.web.problems import Problem

_ABSENT: Final = HTTPStatus.NOT_FOUND
_REFUSED: Final = HTTPStatus.CONFLICT

_TITLES: Final[Mapping[Refusal, tuple[HTTPStatus, str]]] = {
    Refusal.GIFT_UNKNOWN: (_ABSENT, "The gift is not known"),
    Refusal.GIFT_EXISTS: (_REFUSED, "The gift exists already"),
    Refusal.GIFT_OFF_SHELF: (_REFUSED, "The gift cannot be ordered now"),
    Refusal.GIFT_LOCKED: (_REFUSED, "The gift is not unlocked for this customer"),
    Refusal.GIFT_LIMIT_REACHED: (_REFUSED, "More pieces than one customer may have"),
    Refusal.PRICE_MISMATCH: (_REFUSED, "That is not the price"),
    Refusal.OUT_OF_STOCK: (_REFUSED, "Not enough pieces are left"),
    Refusal.STOCK_BELOW_ZERO: (_REFUSED, "The stock would be below zero"),
    Refusal.ORDER_UNKNOWN: (_ABSENT, "The order is not known"),
    Refusal.ORDER_IN_PROGRESS: (_REFUSED, "The order is being moved"),
    Refusal.ORDER_NOT_PAID: (_REFUSED, "The order is not paid"),
    Refusal.ORDER_NOT_SHIPPED: (_REFUSED, "The order is not shipped"),
    Refusal.ORDER_SHIPPED: (_REFUSED, "The order is shipped already"),
    Refusal.ORDER_RECEIVED: (_REFUSED, "The order is received already"),
    Refusal.ORDER_CANCELLED: (_REFUSED, "The order is cancelled"),
    Refusal.ORDER_RETURNED: (_REFUSED, "The order is returned"),
    Refusal.ORDER_FAILED: (_REFUSED, "The order failed"),
    Refusal.ALREADY_PAID: (_REFUSED, "The order is paid already"),
    Refusal.NOTHING_TO_PAY: (_REFUSED, "The order has no cash part"),
    Refusal.PAYMENT_MISMATCH: (_REFUSED, "That is not the order's cash part"),
    Refusal.NOT_PAID_IN_TIME: (_REFUSED, "The time to pay is over"),
    Refusal.NOT_RESERVED_IN_TIME: (_REFUSED, "The points could not be reserved in time"),
    Refusal.CUSTOMER_UNKNOWN: (_ABSENT, "The customer is not known"),
    Refusal.INSUFFICIENT_POINTS: (_REFUSED, "Not enough points"),
    Refusal.ACCOUNT_FROZEN: (_REFUSED, "The points are frozen"),
    Refusal.ACCOUNT_CLOSED: (_REFUSED, "The account is closed"),
    Refusal.CUSTOMER_BLACKLISTED: (_REFUSED, "The customer is blacklisted"),
    Refusal.LIMIT_EXCEEDED: (_REFUSED, "A limit is exceeded"),
    Refusal.APPLICATION_NOT_OPEN: (_REFUSED, "The mall is not open"),
    Refusal.BELOW_MINIMUM: (_REFUSED, "Fewer points than the mall takes"),
    Refusal.NOT_A_STEP: (_REFUSED, "Not a number of points that the mall takes"),
    Refusal.RESERVATION_EXPIRED: (_REFUSED, "The reservation has expired"),
    Refusal.RESERVATION_RELEASED: (_REFUSED, "The reservation was released"),
    Refusal.REDEMPTION_REFUSED: (_REFUSED, "The points were refused"),
}
_RETRYABLE: Final = frozenset((Refusal.ORDER_IN_PROGRESS,))

PROBLEMS: Final[Mapping[str, Problem]] = {
    refusal: Problem(refusal.value, status, title, retryable=refusal in _RETRYABLE) for refusal, (status, title) in _TITLES.items()
}


def documented(*refusals: Refusal) -> dict[int | str, dict[str, Any]]:
    """Return how OpenAPI shows these refusals: by status, each with an example."""
    return documented_problems((PROBLEMS[refusal], REASONS[refusal]) for refusal in refusals)
