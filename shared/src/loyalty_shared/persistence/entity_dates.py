"""The day: each entity's business date, which every posting belongs to and which only moves forward (architecture.md section 4).

Postings hold the date shared, its advance holds it exclusively, so that a closed date gets no more postings.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

from psycopg2.extensions import cursor as Cursor
from sqlalchemy import Column, Date, Integer, MetaData, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

#: First half of the advisory lock's key, so that it meets no other kind of lock.
DATE_LOCK_CLASS: Final = 7_001
RETENTION_YEARS_DEFAULT: Final = 15


class UnknownEntity(Exception):
    """This installation has no such legal entity (or the service has not heard of it yet)."""

    def __init__(self, legal_entity: str) -> None:
        super().__init__(f"legal entity {legal_entity!r} is not known here")
        self.legal_entity = legal_entity


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """A legal entity as this service knows it. `zone` turns instants into dates; `retention_years` is how long business keys are kept."""

    legal_entity: str
    zone: ZoneInfo
    business_on: date
    retention_years: int


def entity_table(metadata: MetaData) -> Table:
    """Define the table of entities that a service follows."""
    return Table(
        "entity",
        metadata,
        Column("legal_entity", Text, primary_key=True),
        Column("names", JSONB, nullable=False),
        Column("zone", Text, nullable=False),
        Column("business_on", Date, nullable=False),
        Column("retention_years", Integer, nullable=False),
    )


def hold_dates(cursor: Cursor, legal_entities: Collection[str]) -> Mapping[str, Entity]:
    """Hold the business date of each entity until the transaction ends, and return those that are known, by code.

    The first lock of every posting transaction: an advance of the date waits for it, and what comes after an advance sees the new date.
    """
    wanted = sorted(set(legal_entities))
    for legal_entity in wanted:
        cursor.execute("select pg_advisory_xact_lock_shared(%s, hashtext(%s))", (DATE_LOCK_CLASS, legal_entity))
    return _entities(cursor, wanted)


def hold_date(cursor: Cursor, legal_entity: str) -> Entity:
    """Hold one entity's business date until the transaction ends. Raises UnknownEntity."""
    entity = hold_dates(cursor, (legal_entity,)).get(legal_entity)
    if entity is None:
        raise UnknownEntity(legal_entity)
    return entity


def hold_date_exclusively(cursor: Cursor, legal_entity: str) -> Entity | None:
    """Wait for every posting of the entity's date, keep others out until the transaction ends, and return the entity, or None when it is new."""
    cursor.execute("select pg_advisory_xact_lock(%s, hashtext(%s))", (DATE_LOCK_CLASS, legal_entity))
    return _entities(cursor, [legal_entity]).get(legal_entity)


def find_entity(cursor: Cursor, legal_entity: str) -> Entity | None:
    """Return an entity without holding its date, for reading."""
    return _entities(cursor, [legal_entity]).get(legal_entity)


def list_entities(cursor: Cursor) -> list[Entity]:
    """Return every entity this service knows, in order of code."""
    cursor.execute("select legal_entity, zone, business_on, retention_years from entity order by legal_entity")
    return [Entity(legal_entity=row[0], zone=ZoneInfo(row[1]), business_on=row[2], retention_years=row[3]) for row in cursor.fetchall()]


def _entities(cursor: Cursor, wanted: list[str]) -> dict[str, Entity]:
    cursor.execute("select legal_entity, zone, business_on, retention_years from entity where legal_entity = any(%s)", (wanted,))
    return {row[0]: Entity(legal_entity=row[0], zone=ZoneInfo(row[1]), business_on=row[2], retention_years=row[3]) for row in cursor.fetchall()}
