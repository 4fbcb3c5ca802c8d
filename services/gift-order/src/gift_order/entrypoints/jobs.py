"""What gift-order does by itself."""

from gift_order.adapters.invariants import count_violations
from gift_order.application.sweep_orders import SweepOrders
from gift_order.application.tell_wishes import WISHES_MAX, TellWishes
from gift_order.metrics import INVARIANT_VIOLATIONS, INVARIANTS_CHECKED, ORDERS_SWEPT
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.observability.metrics import Metrics
from loyalty_shared.persistence.connections import Database
from loyalty_shared.persistence.entity_dates import list_entities
from loyalty_shared.serving import Chore
from loyalty_shared.web.idempotency import forget_all_answers


def chores(database: Database, clock: Clock, metrics: Metrics, sweep: SweepOrders, tell: TellWishes) -> tuple[Chore, ...]:
    """Return what comes up by itself: orders to be finished or closed, wishes to be asked for, answers nobody will ask for, and what is watched."""

    def sweep_orders() -> None:
        while (swept := sweep()) > 0:  # for as long as it is of use: orders that do not move wait for the next time
            metrics.counter(ORDERS_SWEPT).inc(swept)

    def tell_wishes() -> None:
        while tell() == WISHES_MAX:
            pass

    def forget() -> None:
        forget_all_answers(database, clock.now())

    def check_books() -> None:
        with database.transaction() as cursor:
            entities = [entity.legal_entity for entity in list_entities(cursor)]
        for legal_entity in entities:
            with database.transaction() as cursor:
                violations = count_violations(cursor, legal_entity, clock.now())
            for name, count in violations.items():
                metrics.gauge(INVARIANT_VIOLATIONS).labels(legal_entity=legal_entity, invariant=name).set(count)
            metrics.gauge(INVARIANTS_CHECKED).labels(legal_entity=legal_entity).set(clock.now().timestamp())

    return (
        Chore(name="sweep-orders", every_seconds=1, run=sweep_orders),
        Chore(name="tell-wishes", every_seconds=2, run=tell_wishes),
        Chore(name="forget-answers", every_seconds=600, run=forget),
        Chore(name="check-invariants", every_seconds=300, run=check_books),
    )
