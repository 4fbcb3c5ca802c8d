"""The audit trail: who did what to which object, before and after, from where. Each entity's records are chained by hash, so that a changed one shows."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

#: What the first record of an entity is chained to.
CHAIN_START: Final = bytes(32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What was done. `action` is past tense, such as `operator.locked`; `subject` the object; `before`, `after`: what changed, JSON."""

    legal_entity: str
    action: str
    subject: str
    before: Any = None
    after: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class By:
    """Who did it and from where. `address`: the client's, None for what the console does by itself."""

    who: str
    address: str | None = None
    request_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """One record as it is kept: `before` and `after` as the JSON text itself, `number` gapless from 1 in the entity."""

    legal_entity: str
    number: int
    at: datetime
    who: str
    action: str
    subject: str
    before: str | None
    after: str | None
    address: str | None
    request_id: str | None
    sha256: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What counting a chain again found. `broken_at`: the number of the first record that is not as it was written."""

    records: int
    broken_at: int | None = None
    fault: str | None = None


def chained(previous: bytes, record: AuditRecord) -> bytes:
    """Return the hash of a record: SHA-256 of the one before and every field but its own hash."""
    fields = (
        record.legal_entity,
        record.number,
        record.at.astimezone(UTC).isoformat(timespec="microseconds"),
        record.who,
        record.action,
        record.subject,
        record.before,
        record.after,
        record.address,
        record.request_id,
    )
    return hashlib.sha256(previous + json.dumps(fields, ensure_ascii=False).encode()).digest()


def verify(records: Iterable[AuditRecord], head: tuple[int, bytes]) -> Verification:
    """Count the chain again over an entity's records in order. `head`: the number and hash of the last record, kept apart: so cut-off ends show too."""
    previous, expected = CHAIN_START, 1
    for record in records:
        if record.number != expected:
            return Verification(records=expected - 1, broken_at=expected, fault="the record is missing")
        if chained(previous, record) != record.sha256:
            return Verification(records=expected - 1, broken_at=record.number, fault="the record is not as it was written")
        previous, expected = record.sha256, expected + 1
    if head != (expected - 1, previous):
        return Verification(records=expected - 1, broken_at=expected, fault=f"records up to {head[0]} were written; the last ones are missing or others")
    return Verification(records=expected - 1)
