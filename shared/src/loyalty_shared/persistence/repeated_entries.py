"""Which entries of the ledger were taken before, when a restored ledger publishes again, under other numbers, what it had published.

What sums entries cannot tell which ones it holds. So each entry taken leaves eight bytes, by partition, business date and epoch of the ledger; in a stretch
that the ledger marks (`Batch.catching_up`), and for a dead letter tried again, entries are compared with them. Equal entries may all be real (points that
lapse on arrival twice in a day), and so they are counted: of equal ones, as many repeat as any other epoch had.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Final

from psycopg2.extensions import cursor as Cursor
from psycopg2.extras import execute_values
from sqlalchemy import BigInteger, Column, Date, DateTime, Identity, Index, Integer, LargeBinary, MetaData, SmallInteger, Table

from loyalty_shared.contracts.redemption import EntryPostedV1
from loyalty_shared.persistence.connections import Database
from loyalty_shared.persistence.offsets import Span

DIGEST_BYTES: Final = 8
#: No ledger is restored from a backup older than this without what was made of it being looked at anyway.
DIGESTS_KEPT_FOR: Final = timedelta(days=35)
#: A dead letter tried again belongs to no stretch of the topic, and is held as if from before the first epoch.
EPOCH_OF_LETTERS: Final = 0
#: Batches whose digests are in memory at one time.
_ROWS_PER_FETCH: Final = 100

_REMEMBER: Final = "insert into ledger_digest (partition, epoch, business_on, remembered_at, digests) values %s"
_HELD: Final = "select epoch, digests from ledger_digest where partition = %s and business_on = any(%s)"
_FORGET: Final = "delete from ledger_digest where remembered_at < %s"


def ledger_digest_table(metadata: MetaData) -> Table:
    """Define the table of eight bytes for every entry taken, a row for each batch and business date. Of all entities."""
    return Table(
        "ledger_digest",
        metadata,
        Column("digest_no", BigInteger, Identity(always=True), primary_key=True),
        Column("partition", SmallInteger, nullable=False),
        Column("epoch", Integer, nullable=False),
        Column("business_on", Date, nullable=False),
        Column("remembered_at", DateTime(timezone=True), nullable=False),
        Column("digests", LargeBinary, nullable=False),
        Index("ix_ledger_digest_partition_business_on", "partition", "business_on"),
    )


def digest_of(entry: EntryPostedV1) -> bytes:
    """Return what tells an entry's repeat when a restored ledger posts it again under another number: its cause and its effect, in eight bytes."""
    cause = entry.cause
    text = (
        f"{entry.legal_entity}\x00{entry.customer_no}\x00{entry.kind}\x00{entry.point_type}\x00{entry.points}"
        f"\x00{cause.kind}\x00{cause.source_system}\x00{cause.no}\x00{cause.leg}\x00{entry.rule_code}"
    )
    return hashlib.blake2b(text.encode(), digest_size=DIGEST_BYTES).digest()


def fresh_of(entries: Sequence[EntryPostedV1], epoch: int | None, held: Iterable[tuple[int, bytes]]) -> list[EntryPostedV1]:
    """Return the entries that no other epoch brought: of equal ones, those beyond as many as the epoch that brought most of them had.

    `epoch`: the entries' own, whose earlier batches count with them; None for a dead letter. `held`: (epoch, digests one after the other) of what was taken.
    """
    digests = [digest_of(entry) for entry in entries]
    wanted = set(digests)
    by_epoch: defaultdict[int, Counter[bytes]] = defaultdict(Counter)
    for other, joined in held:
        parts = [joined[start : start + DIGEST_BYTES] for start in range(0, len(joined), DIGEST_BYTES)]
        if not wanted.isdisjoint(parts):
            by_epoch[other].update(part for part in parts if part in wanted)
    seen = by_epoch.pop(epoch, Counter()) if epoch is not None else Counter()
    most: Counter[bytes] = Counter()
    for counted in by_epoch.values():
        most |= counted
    fresh = []
    for entry, digest in zip(entries, digests, strict=True):
        seen[digest] += 1
        if seen[digest] > most[digest]:
            fresh.append(entry)
    return fresh


def list_fresh(cursor: Cursor, partition: int, span: Span | None, entries: Sequence[EntryPostedV1]) -> list[EntryPostedV1]:
    """Return the entries of a partition that were not taken before; reads what is held of their dates, a piece at a time. `span`: None for a dead letter."""
    if not entries:
        return []
    with cursor.connection.cursor("held_digests") as reading:
        reading.itersize = _ROWS_PER_FETCH
        reading.execute(_HELD, (partition, sorted({entry.business_on for entry in entries})))
        return fresh_of(entries, span.after.epoch if span else None, ((epoch, bytes(digests)) for epoch, digests in reading))


def remember(cursor: Cursor, partition: int, span: Span | None, entries: Iterable[EntryPostedV1], at: datetime) -> None:
    """Keep what tells these entries' repeats. Repeats are kept too: the next restore compares with what each epoch brought."""
    by_date: defaultdict[date, list[bytes]] = defaultdict(list)
    for entry in entries:
        by_date[entry.business_on].append(digest_of(entry))
    if by_date:
        epoch = span.after.epoch if span else EPOCH_OF_LETTERS
        execute_values(cursor, _REMEMBER, [(partition, epoch, on, at, b"".join(digests)) for on, digests in by_date.items()])


def forget_digests(database: Database, now: datetime) -> int:
    """Delete what was remembered of entries longer ago than any restore goes back; return how many rows it was."""
    with database.transaction() as cursor:
        cursor.execute(_FORGET, (now - DIGESTS_KEPT_FOR,))
        return cursor.rowcount
