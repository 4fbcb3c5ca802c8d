"""Every metric of gift-order's own; consumers, relay and HTTP have theirs."""

from typing import Final

from loyalty_shared.observability.metrics import Declared, Kind

INVARIANT_VIOLATIONS: Final = Declared(
    "loyalty_gift_order_invariant_violations",
    Kind.GAUGE,
    "How often an invariant of gifts and orders did not hold when it was last checked; 0 is what it must be",
    "`orders-come-to-rest` is above 0 while redemption is away, and for seconds after; else the log has `redemption` lines with the order and what it was told."
    " Any other: page; GET invariants checks again; correct a stock by a movement, never by an update",
    ("legal_entity", "invariant"),
)
INVARIANTS_CHECKED: Final = Declared(
    "loyalty_gift_order_invariants_checked_seconds",
    Kind.GAUGE,
    "When the invariants were last checked: seconds since 1970",
    "More than 15 minutes ago: the check fails or takes too long; loyalty_chore_failures_total and the log say which",
    ("legal_entity",),
)
ORDERS_SWEPT: Final = Declared(
    "loyalty_gift_order_orders_swept_total",
    Kind.COUNTER,
    "Orders that the sweeper brought to rest: after a crash or a silence of redemption, or not paid in time",
    "A burst follows a crash; a steady rise without one: calls to redemption take too long",
)
GIFT_ORDER_METRICS: Final = (INVARIANT_VIOLATIONS, INVARIANTS_CHECKED, ORDERS_SWEPT)
