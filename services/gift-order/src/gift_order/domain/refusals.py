"""Why a call is not done, or an order ended before its time: the closed list of codes. Statuses are given to them at the edge."""

from enum import StrEnum


class Refusal(StrEnum):
    """A business refusal: a value that a use case answers with, kept and given again like any other answer."""

    GIFT_UNKNOWN = "gift-unknown"
    GIFT_EXISTS = "gift-exists"
    GIFT_OFF_SHELF = "gift-off-shelf"
    GIFT_LOCKED = "gift-locked"
    GIFT_LIMIT_REACHED = "gift-limit-reached"
    PRICE_MISMATCH = "price-mismatch"
    OUT_OF_STOCK = "out-of-stock"
    STOCK_BELOW_ZERO = "stock-below-zero"

    ORDER_UNKNOWN = "order-unknown"
    ORDER_IN_PROGRESS = "order-in-progress"
    ORDER_NOT_PAID = "order-not-paid"
    ORDER_NOT_SHIPPED = "order-not-shipped"
    ORDER_SHIPPED = "order-shipped"
    ORDER_RECEIVED = "order-received"
    ORDER_CANCELLED = "order-cancelled"
    ORDER_RETURNED = "order-returned"
    ORDER_FAILED = "order-failed"
    ALREADY_PAID = "already-paid"
    NOTHING_TO_PAY = "nothing-to-pay"
    PAYMENT_MISMATCH = "payment-mismatch"
    NOT_PAID_IN_TIME = "not-paid-in-time"
    NOT_RESERVED_IN_TIME = "not-reserved-in-time"

    # What redemption says of the points, passed on.
    CUSTOMER_UNKNOWN = "customer-unknown"
    INSUFFICIENT_POINTS = "insufficient-points"
    ACCOUNT_FROZEN = "account-frozen"
    ACCOUNT_CLOSED = "account-closed"
    CUSTOMER_BLACKLISTED = "customer-blacklisted"
    LIMIT_EXCEEDED = "limit-exceeded"
    APPLICATION_NOT_OPEN = "application-not-open"
    BELOW_MINIMUM = "below-minimum"
    NOT_A_STEP = "not-a-step"
    RESERVATION_EXPIRED = "reservation-expired"
    RESERVATION_RELEASED = "reservation-released"
    REDEMPTION_REFUSED = "redemption-refused"


def refusal_from(code: str) -> Refusal:
    """Return redemption's refusal as ours; one that is not on the list is `redemption-refused`."""
    try:
        return Refusal(code)
    except ValueError:
        return Refusal.REDEMPTION_REFUSED
