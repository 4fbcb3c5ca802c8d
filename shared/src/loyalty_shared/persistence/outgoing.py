"""What a service publishes, on the writing side. Writers never number: they only say which batch their rows belong to.

A batch is one committed transaction that publishes something. Its outgoing rows carry `(batch_no, position)` as their primary key; the relay
finds batches by the window of transaction ids that can have no member still running, and numbers the rows then (architecture.md section 3).
"""

from datetime import datetime

from psycopg2.extensions import cursor as Cursor
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.types import UserDefinedType


class Xid8(UserDefinedType[int]):
    """PostgreSQL's 64-bit transaction id, which never wraps."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        return "xid8"


def outgoing_batch_table(metadata: MetaData) -> Table:
    """Define the table of committed batches. `xid` is the transaction that wrote the batch, by which the relay finds what has committed.

    `may_repeat`: after a restore its records may be there a second time though nothing is read again any more (an operator's retry): they are always marked.
    """
    return Table(
        "outgoing_batch",
        metadata,
        Column("batch_no", BigInteger, Identity(always=True), primary_key=True),
        Column("xid", Xid8, nullable=False, server_default=text("pg_current_xact_id()")),
        Column("committed_at", DateTime(timezone=True), nullable=False),
        Column("may_repeat", Boolean, nullable=False, server_default=text("false")),
        Index("ix_outgoing_batch_xid", "xid"),
    )


def relay_partition_table(metadata: MetaData) -> Table:
    """Define the relay's place in each topic partition: who holds the lease, what is numbered next, and which window is under way."""
    return Table(
        "relay_partition",
        metadata,
        Column("topic", Text, nullable=False),
        Column("partition", SmallInteger, nullable=False),
        Column("epoch", Integer, nullable=False),
        Column("next_number", BigInteger, nullable=False),
        Column("bound_xid", BigInteger, nullable=False),  # every batch below is published
        Column(
            "pending_xid", BigInteger, nullable=True
        ),  # the window [bound, pending) is being published; after a crash it is published again, numbered the same
        Column("owner", Text, nullable=True),
        Column("lease_until", DateTime(timezone=True), nullable=True),
        Column("chain", LargeBinary, nullable=False),
        PrimaryKeyConstraint("topic", "partition"),
    )


def relay_seal_table(metadata: MetaData) -> Table:
    """Define the chain of hashes, one for each published chunk, by which tampering shows."""
    return Table(
        "relay_seal",
        metadata,
        Column("topic", Text, nullable=False),
        Column("partition", SmallInteger, nullable=False),
        Column("epoch", Integer, nullable=False),
        Column("first_number", BigInteger, nullable=False),
        Column("last_number", BigInteger, nullable=False),
        Column("chain", LargeBinary, nullable=False),
        Column("sealed_at", DateTime(timezone=True), nullable=False),
        PrimaryKeyConstraint("topic", "partition", "epoch", "first_number"),
    )


def relay_recovery_table(metadata: MetaData) -> Table:
    """Define how far the service's own consumers must read before a new epoch's records need no comparing: one row per input partition."""
    return Table(
        "relay_recovery",
        metadata,
        Column("consumer_group", Text, nullable=False),
        Column("topic", Text, nullable=False),
        Column("partition", SmallInteger, nullable=False),
        Column("until_offset", BigInteger, nullable=False),
        PrimaryKeyConstraint("consumer_group", "topic", "partition"),
    )


def begin_batch(cursor: Cursor, at: datetime, *, may_repeat: bool = False) -> int:
    """Open the transaction's batch and return its number. Call it after the locks are taken, so that batches that touch one account are numbered in order.

    `may_repeat`: true of what is decided when somebody asks, not when the input is read: a restored database can be asked again at any time.
    """
    cursor.execute("insert into outgoing_batch (committed_at, may_repeat) values (%s, %s) returning batch_no", (at, may_repeat))
    row = cursor.fetchone()
    assert row is not None
    number: int = row[0]
    return number
