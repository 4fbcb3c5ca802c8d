"""What the console does by itself: it runs the jobs that are due, starts those whose time has come, and forgets what nobody will ask for."""

from collections.abc import Mapping
from datetime import date
from typing import Final

from console.application.close_day import CloseDay, DayNotReached, NoSuchEntity
from console.application.job_desk import StartDueJobs
from console.application.perform_run import PerformRun
from console.domain.audit import By
from console.domain.jobs import CLOSE_DAY
from console.metrics import JOB_RUNS
from loyalty_shared.following import forget_expired_credentials
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.observability.metrics import Metrics
from loyalty_shared.persistence.connections import Database
from loyalty_shared.persistence.entity_dates import UnknownEntity
from loyalty_shared.service import TryAgain
from loyalty_shared.serving import Chore, Job
from loyalty_shared.web.idempotency import forget_answers

#: So many runs at a time: one that takes long keeps the others from nothing.
RUNNERS: Final = 3
RUN_EVERY_SECONDS: Final = 0.5
START_EVERY_SECONDS: Final = 5.0
FORGET_EVERY_SECONDS: Final = 600.0
BY_JOB: Final = By(who="job")


def own_jobs(close_day: CloseDay) -> Mapping[str, Job]:
    """Return the jobs that the console does itself."""

    def close(legal_entity: str, on: date) -> str:
        try:
            return close_day(legal_entity, on, BY_JOB)
        except DayNotReached as error:
            raise TryAgain(str(error)) from error
        except NoSuchEntity as error:
            raise UnknownEntity(legal_entity) from error

    return {CLOSE_DAY: close}


def chores(database: Database, clock: Clock, metrics: Metrics, perform: PerformRun, start_due: StartDueJobs) -> tuple[Chore, ...]:
    """Return what comes up by itself."""

    def run_due() -> None:
        while (run := perform()) is not None:
            metrics.counter(JOB_RUNS).labels(job=run.job, status=run.status).inc()

    def start() -> None:
        start_due()

    def forget() -> None:
        with database.transaction() as cursor:
            forget_answers(cursor, clock.now())
            forget_expired_credentials(cursor, clock.now())

    return (
        *(Chore(name=f"run-jobs-{number}", every_seconds=RUN_EVERY_SECONDS, run=run_due) for number in range(1, RUNNERS + 1)),
        Chore(name="start-due-jobs", every_seconds=START_EVERY_SECONDS, run=start),
        Chore(name="forget-answers", every_seconds=FORGET_EVERY_SECONDS, run=forget),
    )
