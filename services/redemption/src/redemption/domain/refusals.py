"""Why an online call is not done: the closed list of business refusals (contracts.md section 3). Statuses are given to them at the edge."""

from enum import StrEnum


class Refusal(StrEnum):
    """A business refusal: a value that a use case answers with, kept and given again like any other answer."""

    CUSTOMER_UNKNOWN = "customer-unknown"
    MERCHANT_UNKNOWN = "merchant-unknown"
    MERCHANT_NOT_ACTIVE = "merchant-not-active"
    RESERVATION_UNKNOWN = "reservation-unknown"
    REDEMPTION_UNKNOWN = "redemption-unknown"
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
    ALREADY_CAPTURED = "already-captured"
    BUSINESS_DATE_PASSED = "business-date-passed"
    ALREADY_VOID = "already-void"
    ALREADY_REFUNDED = "already-refunded"
    REFUND_EXCEEDS_ORIGINAL = "refund-exceeds-original"
    CHANNEL_SERIAL_REUSED = "channel-serial-reused"
    REVERSED_BEFORE_ARRIVAL = "reversed-before-arrival"
