"""One transaction on the merchant service's database, and what use cases do in it."""

from collections.abc import Iterator
from contextlib import contextmanager

from psycopg2.extensions import cursor as Cursor

from loyalty_shared.persistence.connections import Database
from loyalty_shared.persistence.entity_dates import Entity, UnknownEntity, find_entity
from loyalty_shared.web.idempotency import Answers
from merchant.adapters.changes import SqlChanges
from merchant.adapters.contracts import SqlContracts
from merchant.adapters.merchants import SqlMerchants
from merchant.adapters.stores import SqlStores
from merchant.application.ports import BeginUnitOfWork


class SqlEntities:
    """The legal entities, over one transaction's cursor."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def get(self, legal_entity: str) -> Entity:
        entity = find_entity(self._cursor, legal_entity)
        if entity is None:
            raise UnknownEntity(legal_entity)
        return entity


class SqlUnitOfWork:
    """Every port, over one cursor."""

    def __init__(self, cursor: Cursor) -> None:
        self.answers = Answers(cursor)
        self.entities = SqlEntities(cursor)
        self.merchants = SqlMerchants(cursor)
        self.stores = SqlStores(cursor)
        self.contracts = SqlContracts(cursor)
        self.changes = SqlChanges(cursor)


def units_of_work(database: Database) -> BeginUnitOfWork:
    """Return what begins a transaction: committed when the block ends, rolled back when it raises."""

    @contextmanager
    def begin() -> Iterator[SqlUnitOfWork]:
        with database.transaction() as cursor:
            yield SqlUnitOfWork(cursor)

    return begin
