"""Records that could not be taken: kept as they came, in the transaction that passes them by, and published by the relay to `dlq.<group>`.

A source whose records fail too often is stopped: its later records are kept here too, in order, as `source-stopped`, while others go on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import msgspec
from psycopg2.extensions import cursor as Cursor
from sqlalchemy import BigInteger, Column, DateTime, Index, Integer, LargeBinary, MetaData, PrimaryKeyConstraint, SmallInteger, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from loyalty_shared.persistence.bulk import CopyRows


class Fault(StrEnum):
    """Why a record was set aside. The closed set of reasons; the detail says which field and what to do."""

    MALFORMED_JSON = "malformed-json"
    INVALID_FIELD = "invalid-field"
    MISSING_HEADER = "missing-header"
    VALUE_TOO_LARGE = "value-too-large"
    UNKNOWN_TYPE = "unknown-type"
    UNKNOWN_CURRENCY = "unknown-currency"
    UNKNOWN_ENTITY = "unknown-entity"
    TOO_OLD = "too-old"
    CONFLICTING_CONTENT = "conflicting-content"
    FAILED_TO_PROCESS = "failed-to-process"
    SOURCE_STOPPED = "source-stopped"


class Status(StrEnum):
    """What has become of a dead letter since."""

    OPEN = "open"
    RETRIED = "retried"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """One record set aside: where it came from, all of it, and why. Entity and source are None where they could not be read."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    value: bytes | None
    fault: Fault
    detail: str
    legal_entity: str | None = None
    source_system: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A dead letter as operators see it; `letter_id` is its handle for a retry."""

    letter_id: str
    group: str
    rejected: Rejected
    status: Status
    set_aside_at: datetime


def dead_letter_table(metadata: MetaData) -> Table:
    """Define the table of dead letters. Its rows are also what the relay publishes to `dlq.<group>`."""
    return Table(
        "dead_letter",
        metadata,
        Column("batch_no", BigInteger, nullable=False),
        Column("position", Integer, nullable=False),
        Column("consumer_group", Text, nullable=False),
        Column("legal_entity", Text, nullable=True),
        Column("source_system", Text, nullable=True),
        Column("topic", Text, nullable=False),
        Column("partition", SmallInteger, nullable=False),
        Column("record_offset", BigInteger, nullable=False),
        Column("key", LargeBinary, nullable=True),
        Column("headers", JSONB, nullable=False),  # [[name, value as latin-1 text], ...]
        Column("value", LargeBinary, nullable=True),
        Column("fault", Text, nullable=False),
        Column("detail", Text, nullable=False),
        Column("status", Text, nullable=False),
        Column("set_aside_at", DateTime(timezone=True), nullable=False),
        PrimaryKeyConstraint("batch_no", "position"),
        Index("ix_dead_letter_open", "legal_entity", "batch_no", "position", postgresql_where=Column("status") == "open"),
    )


def source_state_table(metadata: MetaData) -> Table:
    """Define the state of each source that has sent bad records lately; no row means no bad record since the last good one."""
    return Table(
        "source_state",
        metadata,
        Column("consumer_group", Text, nullable=False),
        Column("legal_entity", Text, nullable=False),
        Column("source_system", Text, nullable=False),
        Column("consecutive", Integer, nullable=False),
        Column("recent", Integer, nullable=False),
        Column("recent_bad", Integer, nullable=False),
        Column("stopped_at", DateTime(timezone=True), nullable=True),
        PrimaryKeyConstraint("consumer_group", "legal_entity", "source_system"),
    )


_COLUMNS = (
    "batch_no", "position", "consumer_group", "legal_entity", "source_system", "topic", "partition", "record_offset", "key", "headers", "value",
    "fault", "detail", "status", "set_aside_at",
)  # fmt: skip


def post(cursor: Cursor, batch_no: int, group: str, rejected: Sequence[Rejected], at: datetime) -> None:
    """Keep the records that this batch passes by."""
    rows = CopyRows()
    for position, letter in enumerate(rejected):
        headers = msgspec.json.encode([[name, _storable(value.decode("latin-1"))] for name, value in letter.headers]).decode()
        rows.append(
            batch_no, position, group, _storable(letter.legal_entity), _storable(letter.source_system), letter.topic, letter.partition,
            letter.offset, letter.key, headers, letter.value, letter.fault.value, _storable(letter.detail), Status.OPEN.value, at,
        )  # fmt: skip
    rows.copy(cursor, "dead_letter", _COLUMNS)


def _storable(text: str | None) -> str | None:
    """PostgreSQL's text has no NUL; a bad record may have one in any field."""
    return None if text is None else text.replace("\x00", "\N{REPLACEMENT CHARACTER}")


_SELECT = f"select {', '.join(_COLUMNS)} from dead_letter"


def list_open(cursor: Cursor, legal_entity: str, *, after: tuple[int, int], limit: int) -> list[DeadLetter]:
    """Return the entity's open dead letters (and those of no known entity) in the order they were set aside, after the given handle."""
    cursor.execute(
        f"{_SELECT} where status = 'open' and (legal_entity = %s or legal_entity is null) and (batch_no, position) > (%s, %s)"
        " order by batch_no, position limit %s",
        (legal_entity, *after, limit),
    )
    return [_letter(row) for row in cursor.fetchall()]


def find_for_update(cursor: Cursor, legal_entity: str, letter_id: str) -> DeadLetter | None:
    """Return one dead letter, locked, or None when the entity has none of that handle."""
    place = place_of(letter_id)
    if place is None:
        return None
    cursor.execute(f"{_SELECT} where (legal_entity = %s or legal_entity is null) and batch_no = %s and position = %s for update", (legal_entity, *place))
    row = cursor.fetchone()
    return _letter(row) if row else None


def read_batches(cursor: Cursor, first_batch: int, last_batch: int, group: str) -> list[tuple[int, DeadLetter]]:
    """Return the letters of a range of batches with their batch numbers, for the relay; those of a stopped source are kept, not published."""
    cursor.execute(
        f"{_SELECT} where batch_no between %s and %s and consumer_group = %s and fault <> %s order by batch_no, position",
        (first_batch, last_batch, group, Fault.SOURCE_STOPPED.value),
    )
    return [(row[0], _letter(row)) for row in cursor.fetchall()]


def place_of(letter_id: str) -> tuple[int, int] | None:
    """Return `(batch_no, position)` of a handle, or None when it is not one."""
    batch_no, dash, position = letter_id.partition("-")
    return (int(batch_no), int(position)) if dash and batch_no.isdecimal() and position.isdecimal() and len(letter_id) < 30 else None


def _letter(row: Sequence[object]) -> DeadLetter:
    batch_no, position, group, entity, source, topic, partition, offset, key, headers, value, fault, detail, status, at = row
    assert isinstance(headers, list)
    assert isinstance(partition, int)
    assert isinstance(offset, int)
    assert isinstance(at, datetime)
    return DeadLetter(
        letter_id=f"{batch_no}-{position}",
        group=str(group),
        rejected=Rejected(
            topic=str(topic),
            partition=partition,
            offset=offset,
            key=_bytes(key),
            headers=tuple((name, text.encode("latin-1", "replace")) for name, text in headers),
            value=_bytes(value),
            fault=Fault(str(fault)),
            detail=str(detail),
            legal_entity=None if entity is None else str(entity),
            source_system=None if source is None else str(source),
        ),
        status=Status(str(status)),
        set_aside_at=at,
    )


def _bytes(value: object) -> bytes | None:
    return None if value is None else bytes(value)  # type: ignore[call-overload]  # psycopg2 hands a memoryview
