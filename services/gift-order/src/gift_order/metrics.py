"""Every metric of gift-order's own; consumers, relay and HTTP have theirs."""

from typing import Final

from loyalty_shared.observability.metrics import Declared, Kind

ORDERS_OVERDUE: Final = Declared(
    "loyalty_gift_order_orders_overdue",
    Kind.GAUGE,
    "Orders that have been moving for more than a minute",
    "Above 0 while redemption is away, and for seconds after; else the log has `redemption` lines with the order and what it was told",
)
ORDERS_SWEPT: Final = Declared(
    "loyalty_gift_order_orders_swept_total",
    Kind.COUNTER,
    "Orders that the sweeper brought to rest: after a crash or a silence of redemption, or not paid in time",
    "A burst follows a crash; a steady rise without one: calls to redemption take too long",
)
STOCK_MISMATCHES: Final = Declared(
    "loyalty_gift_order_stock_mismatches",
    Kind.GAUGE,
    "Gifts whose stock is not the sum of its movements; 0 is what it must be",
    "Page at anything above 0: somebody wrote to the database by hand; correct by a movement",
)

GIFT_ORDER_METRICS: Final = (ORDERS_OVERDUE, ORDERS_SWEPT, STOCK_MISMATCHES)
