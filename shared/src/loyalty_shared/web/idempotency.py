"""Every write's Idempotency-Key: the same key and body gives the first answer again, whatever has changed since.

The answer is kept in the effect's own transaction, business refusals included, and is looked up before anything else. A use case reads:

    with self.begin() as work:
        if (earlier := work.answers.find(call.idempotency)) is not None:
            return earlier
        ...
        return work.answers.keep(call.idempotency, Answer(body), now)
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from psycopg2.extensions import cursor as Cursor
from sqlalchemy import Column, DateTime, Index, LargeBinary, MetaData, PrimaryKeyConstraint, Table, Text
from sqlalchemy.dialects.postgresql import JSON

from loyalty_shared.persistence.connections import Database

KEY_LENGTH_MAX: Final = 255
KEPT_FOR: Final = timedelta(days=7)
FORGET_MAX: Final = 10_000


@dataclass(frozen=True, slots=True)
class Idempotency:
    """Which write this is: the key in its scope (entity, credential), and the SHA-256 of method, path and canonical body."""

    legal_entity: str
    credential: str
    key: str
    body_sha256: bytes

    @property
    def lock_key(self) -> int:
        """The advisory lock that is held while a write of this key is under way: signed 64 bit, the space apart from two-part locks."""
        scope = "\x00".join((self.legal_entity, self.credential, self.key)).encode()
        return int.from_bytes(hashlib.blake2b(scope, digest_size=8).digest(), "big", signed=True)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a write came to: `body`, to be sent as JSON; with `refusal` (a problem's code) its `reasons` are in the body.

    `replayed`: it is an earlier call's answer.
    """

    body: Mapping[str, Any]
    refusal: str | None = None
    replayed: bool = False


def fingerprint_of(method: str, path: str, body: bytes) -> bytes:
    """Return the SHA-256 of a request, alike for bodies that differ in white space or order of members only. Raises msgspec.DecodeError on what is not JSON."""
    parsed = msgspec.json.decode(body) if body.strip() else None
    return hashlib.sha256(b"\x00".join((method.encode(), path.encode(), msgspec.json.encode(parsed, order="sorted")))).digest()


def idempotency_table(metadata: MetaData) -> Table:
    """Define the table of kept answers."""
    return Table(
        "idempotency",
        metadata,
        Column("legal_entity", Text, nullable=False),
        Column("credential", Text, nullable=False),
        Column("key", Text, nullable=False),
        Column("body_sha256", LargeBinary, nullable=False),
        Column("refusal", Text, nullable=True),
        Column("body", JSON, nullable=False),  # json, not jsonb: the very text of the first answer
        Column("answered_at", DateTime(timezone=True), nullable=False),
        PrimaryKeyConstraint("legal_entity", "credential", "key"),
        Index("ix_idempotency_answered_at", "answered_at"),
    )


# One round trip, two statements: the second has a snapshot of its own, taken after the lock, so it sees what the lock's last holder committed.
_FIND = """
select set_config('loyalty.key_is_ours', pg_try_advisory_xact_lock(%s)::text, true);
select current_setting('loyalty.key_is_ours') = 'true', kept.body_sha256, kept.refusal, kept.body::text
from (values (1)) as one left join idempotency as kept on kept.legal_entity = %s and kept.credential = %s and kept.key = %s
"""
_KEEP = "insert into idempotency (legal_entity, credential, key, body_sha256, refusal, body, answered_at) values (%s, %s, %s, %s, %s, %s, %s)"


class Answers:
    """The answers kept in one transaction's database, over its cursor."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def find(self, call: Idempotency) -> Answer | None:
        """Return the answer this call must get without doing anything, or None when it is the first: then the key is held until the transaction ends.

        Besides an earlier answer it may be a refusal: `idempotency-key-reused` (other body), `key-in-progress` (the first is still running).
        """
        self._cursor.execute(_FIND, (call.lock_key, call.legal_entity, call.credential, call.key))
        row = self._cursor.fetchone()
        assert row is not None
        is_ours, sha256, refusal, body = row
        if not is_ours:
            return Answer({}, "key-in-progress")
        if sha256 is None:
            return None
        if bytes(sha256) != call.body_sha256:
            return Answer({}, "idempotency-key-reused")
        return Answer(msgspec.json.decode(body), refusal, replayed=True)

    def keep(self, call: Idempotency, answer: Answer, at: datetime) -> Answer:
        """Keep the answer with the effect, and return it as the caller will always see it (dates as text)."""
        body = msgspec.json.encode(answer.body).decode()
        self._cursor.execute(_KEEP, (call.legal_entity, call.credential, call.key, call.body_sha256, answer.refusal, body, at))
        return replace(answer, body=msgspec.json.decode(body))


def forget_answers(cursor: Cursor, now: datetime) -> int:
    """Delete answers older than seven days, at most FORGET_MAX in one call; return how many."""
    cursor.execute(
        "delete from idempotency where (legal_entity, credential, key) in"
        " (select legal_entity, credential, key from idempotency where answered_at < %s limit %s)",
        (now - KEPT_FOR, FORGET_MAX),
    )
    return cursor.rowcount


def forget_all_answers(database: Database, now: datetime) -> None:
    """Delete every answer older than seven days, in transactions of at most FORGET_MAX: what a service's chore does."""
    forgotten = FORGET_MAX
    while forgotten == FORGET_MAX:
        with database.transaction() as cursor:
            forgotten = forget_answers(cursor, now)
