"""What the merchant service does by itself."""

from typing import Final

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.observability.metrics import Metrics
from loyalty_shared.persistence.connections import Database
from loyalty_shared.serving import Chore
from loyalty_shared.web.idempotency import forget_all_answers
from merchant.adapters.merchants import count_by_status
from merchant.metrics import MERCHANTS

COUNT_EVERY_SECONDS: Final = 60.0
FORGET_EVERY_SECONDS: Final = 600.0


def chores(database: Database, clock: Clock, metrics: Metrics) -> tuple[Chore, ...]:
    """Return what comes up by itself: the count of merchants, and answers nobody will ask for."""

    def count() -> None:
        with database.transaction() as cursor:
            counted = count_by_status(cursor)
        for (legal_entity, status), merchants in counted.items():
            metrics.gauge(MERCHANTS).labels(legal_entity=legal_entity, status=status).set(merchants)

    def forget() -> None:
        forget_all_answers(database, clock.now())

    return (
        Chore(name="count-merchants", every_seconds=COUNT_EVERY_SECONDS, run=count),
        Chore(name="forget-answers", every_seconds=FORGET_EVERY_SECONDS, run=forget),
    )
