"""One transaction of the ledger, over psycopg2."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TypeVar

from psycopg2.extensions import cursor as Cursor

from loyalty_shared.persistence.connections import Database
from loyalty_shared.persistence.entity_dates import Entity, hold_date
from loyalty_shared.web.idempotency import Answers
from redemption.adapters.accounts import SqlAccounts


class SqlLedgerWork:
    """What a use case that moves points one account at a time works with."""

    def __init__(self, cursor: Cursor) -> None:
        self.cursor = cursor
        self.accounts = SqlAccounts(cursor)
        self.answers = Answers(cursor)

    def hold_date(self, legal_entity: str) -> Entity:
        """Keep the entity's business date from moving until the transaction ends. Raises UnknownEntity."""
        return hold_date(self.cursor, legal_entity)


Work = TypeVar("Work")


def begin_on(database: Database, work: Callable[[Cursor], Work]) -> Callable[[], AbstractContextManager[Work]]:
    """Return what opens a transaction with this kind of work: committed at the block's end, rolled back when it raises."""

    @contextmanager
    def begin() -> Iterator[Work]:
        with database.transaction() as cursor:
            yield work(cursor)

    return begin
