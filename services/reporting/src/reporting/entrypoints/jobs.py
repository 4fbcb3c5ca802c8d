"""What reporting does by itself, and what a scheduler asks of it by name."""

from collections.abc import Callable, Mapping
from datetime import date

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.observability.metrics import Metrics
from loyalty_shared.persistence.connections import Database
from loyalty_shared.persistence.entity_dates import list_entities
from loyalty_shared.persistence.repeated_entries import forget_digests
from loyalty_shared.service import TryAgain
from loyalty_shared.serving import Chore, Job
from loyalty_shared.web.idempotency import forget_all_answers
from reporting.adapters.invariants import check_invariants
from reporting.application.make_reports import MakeReports
from reporting.application.show_report import Refused
from reporting.domain.refusals import Refusal
from reporting.metrics import INVARIANT_VIOLATIONS, INVARIANTS_CHECKED


class NotMade(Exception):
    """The day's reports cannot be made, and waiting does not help."""


def jobs(make_reports: MakeReports) -> Mapping[str, Job]:
    """Return the jobs of one entity by name: its administrators and schedulers may have them done, also over HTTP."""

    def make(legal_entity: str, on: date) -> str:
        made = make_reports(legal_entity, on)
        if isinstance(made, Refused):
            text = f"{made.refusal}: {made.about}"
            raise TryAgain(text) if made.refusal is Refusal.DAY_NOT_COMPLETE else NotMade(text)
        return f"{made} reports new or changed for {legal_entity} on {on}"

    return {"make-reports": make}


def jobs_of_the_installation(rebuild: Callable[[], bool]) -> Mapping[str, Job]:
    """Return the jobs, by name, that concern all entities whichever is named: for the command line alone, since no entity's administrator may ask for them.

    `rebuild` makes the mart again from the bus and tells whether it has caught up.
    """

    def rebuild_mart(_legal_entity: str, _on: date) -> str:
        # Entities share the topics, and so the mart is made again for all of them and all dates.
        return "the mart was made again from the bus" if rebuild() else "the mart was emptied and is being made again by its consumers, which are still reading"

    return {"rebuild": rebuild_mart}


def chores(database: Database, clock: Clock, metrics: Metrics) -> tuple[Chore, ...]:
    """Return what comes up by itself: the check that the mart ties to the ledger, and what nobody will ask for."""

    def check_mart() -> None:
        with database.transaction() as cursor:
            entities = [entity.legal_entity for entity in list_entities(cursor)]
        for legal_entity in entities:
            with database.transaction() as cursor:
                checked = check_invariants(cursor, legal_entity, clock.now())
            for invariant in checked:
                metrics.gauge(INVARIANT_VIOLATIONS).labels(legal_entity=legal_entity, invariant=invariant.name).set(invariant.violations)
            metrics.gauge(INVARIANTS_CHECKED).labels(legal_entity=legal_entity).set(clock.now().timestamp())

    def forget() -> None:
        forget_all_answers(database, clock.now())
        forget_digests(database, clock.now())

    return (
        Chore(name="check-mart", every_seconds=120, run=check_mart),
        Chore(name="forget-answers", every_seconds=600, run=forget),
    )
