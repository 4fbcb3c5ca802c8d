"""Work that comes up by itself."""

from typing import Final

from accrual import metrics as declared
from accrual.application.match_waiting_refunds import MATCHED_MAX, MatchWaitingRefunds
from accrual.application.ports import BeginUnitOfWork
from accrual.entrypoints.events import count_outcomes
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.observability.metrics import Metrics
from loyalty_shared.persistence.connections import Database
from loyalty_shared.serving import Chore
from loyalty_shared.web.idempotency import forget_answers

MATCH_EVERY_SECONDS: Final = 1.0
MEASURE_EVERY_SECONDS: Final = 10.0
FORGET_EVERY_SECONDS: Final = 60.0


def chores(begin: BeginUnitOfWork, database: Database, clock: Clock, metrics: Metrics) -> tuple[Chore, ...]:
    """Return what the service does by itself, beside following its topics."""
    match_waiting = MatchWaitingRefunds(begin, clock)

    def match_all() -> None:
        while matched := match_waiting():
            count_outcomes(matched, declared.EVENTS, metrics)
            if sum(matched.values()) < MATCHED_MAX:
                return

    def measure_waiting() -> None:
        with begin() as work:
            waiting, since = work.waiting_refunds.count()
        metrics.gauge(declared.WAITING).set(waiting)
        metrics.gauge(declared.WAITING_AGE).set(0 if since is None else (clock.now() - since).total_seconds())

    def forget_old_answers() -> None:
        with database.transaction() as cursor:
            forget_answers(cursor, clock.now())

    return (
        Chore(name="match-waiting-refunds", every_seconds=MATCH_EVERY_SECONDS, run=match_all),
        Chore(name="measure-waiting-refunds", every_seconds=MEASURE_EVERY_SECONDS, run=measure_waiting),
        Chore(name="forget-answers", every_seconds=FORGET_EVERY_SECONDS, run=forget_old_answers),
    )
