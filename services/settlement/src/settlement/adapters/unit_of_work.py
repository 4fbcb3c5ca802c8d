"""One transaction of settlement, over psycopg2."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date, datetime
from typing import TypeVar

from psycopg2.extensions import cursor as Cursor

from loyalty_shared.persistence.connections import Database
from loyalty_shared.persistence.entity_dates import Entity, UnknownEntity, find_entity
from loyalty_shared.web.idempotency import Answers
from settlement.adapters.batches import SqlBatches
from settlement.adapters.invariants import count_violations
from settlement.adapters.ledger_days import SqlLedgerDays, find_cost
from settlement.adapters.outgoing import SqlAnnouncements
from settlement.domain.batches import Batch
from settlement.domain.cost import CostPerPoint


class SqlSettlingWork:
    """One transaction on settlement batches."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor
        self._announcements = SqlAnnouncements(cursor)
        self.answers = Answers(cursor)
        self.days = SqlLedgerDays(cursor)
        self.batches = SqlBatches(cursor)

    def get_entity(self, legal_entity: str) -> Entity:
        """Return the entity. Raises UnknownEntity."""
        entity = find_entity(self._cursor, legal_entity)
        if entity is None:
            raise UnknownEntity(legal_entity)
        return entity

    def cost_per_point(self, legal_entity: str, business_on: date) -> CostPerPoint:
        """Return what a point costs on a date."""
        return find_cost(self._cursor, legal_entity, business_on)

    def count_violations(self, legal_entity: str, since: date, now: datetime) -> dict[str, int]:
        """Return how often each invariant of the entity's batches does not hold; those of lines for business dates from `since` on."""
        return count_violations(self._cursor, legal_entity, since, now)

    def publish(self, batch: Batch, at: datetime) -> None:
        """Announce what has become of a batch."""
        self._announcements.post(batch, at)


Work = TypeVar("Work")


def begin_on(database: Database, work: Callable[[Cursor], Work]) -> Callable[[], AbstractContextManager[Work]]:
    """Return what opens a transaction with this kind of work: committed at the block's end, rolled back when it raises."""

    @contextmanager
    def begin() -> Iterator[Work]:
        with database.transaction() as cursor:
            yield work(cursor)

    return begin
