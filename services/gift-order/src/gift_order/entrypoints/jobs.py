"""What gift-order does by itself."""

from datetime import timedelta
from typing import Final

from gift_order.adapters.oversight import count_mismatches, count_overdue
from gift_order.application.sweep_orders import ORDERS_MAX, SweepOrders
from gift_order.application.tell_wishes import WISHES_MAX, TellWishes
from gift_order.metrics import ORDERS_OVERDUE, ORDERS_SWEPT, STOCK_MISMATCHES
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.observability.metrics import Metrics
from loyalty_shared.persistence.connections import Database
from loyalty_shared.serving import Chore
from loyalty_shared.web.idempotency import FORGET_MAX, forget_answers

#: An order ends within a minute of a crash; one that moves for longer has somebody look at it.
OVERDUE_AFTER: Final = timedelta(minutes=1)


def chores(database: Database, clock: Clock, metrics: Metrics, sweep: SweepOrders, tell: TellWishes) -> tuple[Chore, ...]:
    """Return what comes up by itself: orders to be finished or closed, wishes to be asked for, answers nobody will ask for, and what is watched."""

    def sweep_orders() -> None:
        swept = ORDERS_MAX
        while swept == ORDERS_MAX:
            swept = sweep()
            metrics.counter(ORDERS_SWEPT).inc(swept)

    def tell_wishes() -> None:
        while tell() == WISHES_MAX:
            pass

    def forget() -> None:
        forgotten = FORGET_MAX
        while forgotten == FORGET_MAX:
            with database.transaction() as cursor:
                forgotten = forget_answers(cursor, clock.now())

    def watch() -> None:
        with database.transaction() as cursor:
            metrics.gauge(ORDERS_OVERDUE).set(count_overdue(cursor, clock.now() - OVERDUE_AFTER))
            metrics.gauge(STOCK_MISMATCHES).set(count_mismatches(cursor))

    return (
        Chore(name="sweep-orders", every_seconds=1, run=sweep_orders),
        Chore(name="tell-wishes", every_seconds=2, run=tell_wishes),
        Chore(name="forget-answers", every_seconds=600, run=forget),
        Chore(name="watch-orders", every_seconds=30, run=watch),
    )
