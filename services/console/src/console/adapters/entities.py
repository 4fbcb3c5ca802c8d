"""Entities and their dates, over one transaction's cursor."""

from datetime import date, datetime
from typing import Final

import msgspec
from psycopg2.extensions import cursor as Cursor

from console.domain.entities import Advance, NewEntity
from loyalty_shared.persistence.entity_dates import hold_date_exclusively, list_entities

_FIND: Final = "select names, zone, business_on, retention_years from entity where legal_entity = %s"
_OPEN: Final = "insert into entity (legal_entity, names, zone, business_on, retention_years) values (%s, %s, %s, %s, %s) on conflict do nothing"
_ADVANCE: Final = "update entity set business_on = %s where legal_entity = %s"
_OPEN_DATE: Final = "insert into business_date (legal_entity, business_on, previous_on, opened_by, opened_at) values (%s, %s, %s, %s, %s)"
_LAST_CLOSED: Final = "select previous_on from business_date where legal_entity = %s order by business_on desc limit 1"


class SqlEntities:
    """The legal entities of this installation."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def list_codes(self) -> list[str]:
        return [entity.legal_entity for entity in list_entities(self._cursor)]

    def find(self, legal_entity: str) -> NewEntity | None:
        self._cursor.execute(_FIND, (legal_entity,))
        row = self._cursor.fetchone()
        return NewEntity(legal_entity=legal_entity, names=row[0], zone=row[1], business_on=row[2], retention_years=row[3]) if row else None

    def find_last_closed_on(self, legal_entity: str) -> date | None:
        self._cursor.execute(_LAST_CLOSED, (legal_entity,))
        row = self._cursor.fetchone()
        return row[0] if row else None

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

    def keep_years(self, legal_entity: str, retention_years: int) -> None:
        self._cursor.execute("update entity set retention_years = %s where legal_entity = %s", (retention_years, legal_entity))
