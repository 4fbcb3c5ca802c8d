"""One transaction on the console's database, and what use cases do in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

import msgspec
from psycopg2.extensions import cursor as Cursor

from console.adapters.announcements import SqlAnnouncements
from console.application.ports import BeginUnitOfWork, UnitOfWork
from console.domain.announcements import issued_from
from console.domain.entities import Advance, NewEntity
from console.domain.local_credentials import Credential
from loyalty_shared.following import issue_credential
from loyalty_shared.persistence.connections import Database
from loyalty_shared.persistence.entity_dates import hold_date_exclusively, list_entities
from loyalty_shared.web.idempotency import Answers

_OPEN: Final = "insert into entity (legal_entity, names, zone, business_on, retention_years) values (%s, %s, %s, %s, %s) on conflict do nothing"
_ADVANCE: Final = "update entity set business_on = %s where legal_entity = %s"
_OPEN_DATE: Final = "insert into business_date (legal_entity, business_on, previous_on, opened_by, opened_at) values (%s, %s, %s, %s, %s)"
# One who issues keeps other issuers out, so that no binding is lost; readers are not kept out.
_HOLD_CREDENTIALS: Final = "lock table credential in share row exclusive mode"
_LIST_CREDENTIALS: Final = "select credential, token_sha256, entities, functions, channel from credential where enabled and operator is null"


class SqlEntities:
    """Entities and their dates, over one transaction's cursor."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def list_codes(self) -> list[str]:
        return [entity.legal_entity for entity in list_entities(self._cursor)]

    def find_business_on_for_update(self, legal_entity: str) -> date | None:
        entity = hold_date_exclusively(self._cursor, legal_entity)
        return entity.business_on if entity else None

    def open(self, entity: NewEntity, *, by: str, at: datetime) -> bool:
        names = msgspec.json.encode(entity.names).decode()
        self._cursor.execute(_OPEN, (entity.legal_entity, names, entity.zone, entity.business_on, entity.retention_years))
        if self._cursor.rowcount == 0:
            return False
        self._cursor.execute(_OPEN_DATE, (entity.legal_entity, entity.business_on, None, by, at))
        return True

    def advance(self, legal_entity: str, advance: Advance, *, by: str, at: datetime) -> None:
        self._cursor.execute(_ADVANCE, (advance.business_on, legal_entity))
        self._cursor.execute(_OPEN_DATE, (legal_entity, advance.business_on, advance.previous_on, by, at))


class SqlIssuedCredentials:
    """Credentials, over one transaction's cursor."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def list_for_update(self) -> dict[str, Credential]:
        self._cursor.execute(_HOLD_CREDENTIALS)
        self._cursor.execute(_LIST_CREDENTIALS)
        return {
            name: Credential(credential=name, token_sha256=sha256, entities=tuple(entities), functions=tuple(functions), channel=channel)
            for name, sha256, entities, functions, channel in self._cursor.fetchall()
        }

    def issue(self, credential: Credential) -> None:
        issue_credential(self._cursor, issued_from(credential))


@dataclass(frozen=True, slots=True)
class SqlUnitOfWork:
    """The ports of one transaction."""

    answers: Answers
    entities: SqlEntities
    credentials: SqlIssuedCredentials
    announcements: SqlAnnouncements


def units_of_work(database: Database) -> BeginUnitOfWork:
    """Return what begins a transaction: committed when the block ends, rolled back when it raises."""

    @contextmanager
    def begin() -> Iterator[UnitOfWork]:
        with database.transaction() as cursor:
            yield SqlUnitOfWork(Answers(cursor), SqlEntities(cursor), SqlIssuedCredentials(cursor), SqlAnnouncements(cursor))

    return begin
