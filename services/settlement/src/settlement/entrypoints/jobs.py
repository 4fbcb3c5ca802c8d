"""What settlement does by itself, and what a scheduler asks of it by name."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Final

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.kernel.ids import new_id
from loyalty_shared.observability.metrics import Metrics
from loyalty_shared.persistence.connections import Database
from loyalty_shared.persistence.entity_dates import list_entities
from loyalty_shared.persistence.repeated_entries import forget_digests
from loyalty_shared.service import TryAgain
from loyalty_shared.serving import Chore, Job
from loyalty_shared.web.idempotency import Answer, forget_all_answers
from settlement.adapters.batches import count_batches
from settlement.adapters.unit_of_work import SqlSettlingWork, begin_on
from settlement.application.check_books import CheckBooks
from settlement.application.make_batches import MakeBatches
from settlement.metrics import BATCHES, INVARIANT_VIOLATIONS, INVARIANTS_CHECKED

CHECK_SECONDS: Final = 60


def jobs(database: Database, clock: Clock) -> Mapping[str, Job]:
    """Return the jobs of one entity by name: its administrators and schedulers may have them done, also over HTTP."""
    make_batches = MakeBatches(begin=begin_on(database, SqlSettlingWork), clock=clock, new_id=new_id)

    def make(legal_entity: str, on: date) -> str:
        made = make_batches(legal_entity, on)
        if isinstance(made, Answer):
            raise TryAgain(f"{made.refusal}: {made.body['reasons'][0]['fault']}")
        return f"{made} batches made"

    return {"make-batches": make}


def jobs_of_the_installation(rebuild_view: Callable[[], bool]) -> Mapping[str, Job]:
    """Return the jobs, by name, that concern all entities whichever is named: for the command line alone, since no entity's administrator may ask for them.

    `rebuild_view` makes the view of the ledger again from the bus, and tells whether it has caught up.
    """

    def rebuild(_legal_entity: str, _on: date) -> str:
        if rebuild_view():
            return "the view of the ledger, of all entities, was made again from the bus"
        return "the view of the ledger was emptied and is being made again by its consumers, which are still reading"

    return {"rebuild": rebuild}


def chores(database: Database, clock: Clock, metrics: Metrics) -> tuple[Chore, ...]:
    """Return what comes up by itself: the check of the books; answers nobody will ask for, and digests nobody will compare."""
    check_books = CheckBooks(begin_on(database, SqlSettlingWork), clock)

    def forget() -> None:
        forget_all_answers(database, clock.now())
        forget_digests(database, clock.now())

    def check() -> None:
        with database.transaction() as cursor:
            entities = [entity.legal_entity for entity in list_entities(cursor)]
        for legal_entity in entities:
            for checked in check_books(legal_entity):
                metrics.gauge(INVARIANT_VIOLATIONS).labels(legal_entity=legal_entity, invariant=checked.name).set(checked.violations)
            metrics.gauge(INVARIANTS_CHECKED).labels(legal_entity=legal_entity).set(clock.now().timestamp())
            with database.transaction() as cursor:
                counts = count_batches(cursor, legal_entity)
            for status, count in counts.items():
                metrics.gauge(BATCHES).labels(legal_entity=legal_entity, status=status.value).set(count)

    return (
        Chore(name="forget", every_seconds=600, run=forget),
        Chore(name="check-books", every_seconds=CHECK_SECONDS, run=check),
    )
