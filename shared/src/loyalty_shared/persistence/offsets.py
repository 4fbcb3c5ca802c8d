"""How far a consumer group has come in each partition, kept in the transaction of the effect and moved by compare-and-set."""

from dataclasses import dataclass

from psycopg2.extensions import cursor as Cursor
from sqlalchemy import BigInteger, Boolean, Column, Integer, LargeBinary, MetaData, PrimaryKeyConstraint, SmallInteger, Table, Text


class Fenced(Exception):
    """Another owner of the partition went on: nothing of this transaction may stay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """The place of one group in one partition.

    `next_offset`: the first record not yet taken.
    `epoch`, `next_number`: the sequence number expected next from the producer (0, 0 on topics from outside).
    `digests`: of the last records, to tell a repeat from a number used again.
    `catching_up`: the producer began a new epoch, so its records are compared by cause.
    """

    cluster_id: str
    topic_id: str
    next_offset: int
    epoch: int = 0
    next_number: int = 0
    digests: bytes = b""
    catching_up: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The step that one batch takes: from `before` (None: the group's first record of this partition) to `after`."""

    group: str
    topic: str
    partition: int
    before: Position | None
    after: Position


def consumer_offset_table(metadata: MetaData) -> Table:
    """Define the table of positions, with the identity of the cluster and topic that they are positions in."""
    return Table(
        "consumer_offset",
        metadata,
        Column("consumer_group", Text, nullable=False),
        Column("topic", Text, nullable=False),
        Column("partition", SmallInteger, nullable=False),
        Column("cluster_id", Text, nullable=False),
        Column("topic_id", Text, nullable=False),
        Column("next_offset", BigInteger, nullable=False),
        Column("epoch", Integer, nullable=False),
        Column("next_number", BigInteger, nullable=False),
        Column("digests", LargeBinary, nullable=False),
        Column("catching_up", Boolean, nullable=False),
        PrimaryKeyConstraint("consumer_group", "topic", "partition"),
    )


_FIND = """
select cluster_id, topic_id, next_offset, epoch, next_number, digests, catching_up
from consumer_offset where consumer_group = %s and topic = %s and partition = %s
"""
_BEGIN = """
insert into consumer_offset (consumer_group, topic, partition, cluster_id, topic_id, next_offset, epoch, next_number, digests, catching_up)
values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing
"""
_ADVANCE = """
update consumer_offset set next_offset = %s, epoch = %s, next_number = %s, digests = %s, catching_up = %s
where consumer_group = %s and topic = %s and partition = %s and next_offset = %s and cluster_id = %s and topic_id = %s
"""


def find_position(cursor: Cursor, group: str, topic: str, partition: int) -> Position | None:
    """Return the group's place in a partition, or None when it never took a record there."""
    cursor.execute(_FIND, (group, topic, partition))
    row = cursor.fetchone()
    if row is None:
        return None
    cluster_id, topic_id, next_offset, epoch, next_number, digests, catching_up = row
    return Position(
        cluster_id=cluster_id,
        topic_id=topic_id,
        next_offset=next_offset,
        epoch=epoch,
        next_number=next_number,
        digests=bytes(digests),
        catching_up=catching_up,
    )


def advance(cursor: Cursor, span: Span) -> None:
    """Move the group's place by one batch. Raises Fenced when it is not where this batch began: another owner has gone on.

    Called first in the transaction: the row's lock then keeps a second owner of the partition waiting until this one has committed.
    """
    after = span.after
    if span.before is None:
        cursor.execute(
            _BEGIN,
            (
                span.group, span.topic, span.partition, after.cluster_id, after.topic_id,
                after.next_offset, after.epoch, after.next_number, after.digests, after.catching_up,
            ),
        )  # fmt: skip
    else:
        before = span.before
        cursor.execute(
            _ADVANCE,
            (
                after.next_offset, after.epoch, after.next_number, after.digests, after.catching_up,
                span.group, span.topic, span.partition, before.next_offset, before.cluster_id, before.topic_id,
            ),
        )  # fmt: skip
    if cursor.rowcount != 1:
        raise Fenced(f"{span.group} at {span.topic}[{span.partition}]: another owner moved on from {span.before and span.before.next_offset}")
