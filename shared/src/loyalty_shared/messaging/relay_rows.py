"""The relay's own rows: leases by compare-and-set, windows of transaction ids, seals, and what a new epoch waits for."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from psycopg2.extensions import cursor as Cursor
from psycopg2.extras import execute_values

TopicPartitionName = tuple[str, int]

#: How long a relay that was killed keeps its partitions from others.
LEASE_SECONDS: Final = 5

_ADD_MISSING = """
insert into relay_partition (topic, partition, epoch, next_number, bound_xid, chain)
select * from (values %s) as wanted (topic, partition, epoch, next_number, bound_xid, chain) on conflict do nothing
"""
_TAKE = f"""
update relay_partition set owner = %(owner)s, lease_until = clock_timestamp() + interval '{LEASE_SECONDS} seconds'
where (topic, partition) in %(wanted)s and (owner is null or owner = %(owner)s or lease_until < clock_timestamp())
returning topic, partition, epoch, next_number, bound_xid, pending_xid, chain
"""
_RENEW = f"""
update relay_partition set lease_until = clock_timestamp() + interval '{LEASE_SECONDS} seconds' where owner = %s and (topic, partition) in %s
"""
_RELEASE = "update relay_partition set owner = null, lease_until = null where owner = %s"
_BEGIN_EPOCH = "update relay_partition set epoch = %s, next_number = 1 where owner = %s and topic = %s and partition = %s"
_LIST_BATCHES = """
select batch_no, xid::text::bigint, extract(epoch from clock_timestamp() - committed_at)::float, may_repeat
from outgoing_batch where xid >= %s::xid8 and xid < %s::xid8 order by xid fetch first %s rows with ties
"""
_ANNOUNCE = f"""
update relay_partition as mine
set pending_xid = case when step.records > 0 then step.until_xid end,
    bound_xid = case when step.records > 0 then mine.bound_xid else step.until_xid end,
    lease_until = clock_timestamp() + interval '{LEASE_SECONDS} seconds'
from (values %s) as step (topic, partition, bound_xid, until_xid, records)
where mine.owner = '{{owner}}' and mine.topic = step.topic and mine.partition = step.partition
  and mine.bound_xid = step.bound_xid and mine.pending_xid is null
"""
_SETTLE = """
update relay_partition as mine
set bound_xid = mine.pending_xid, pending_xid = null, next_number = step.next_number, chain = step.chain
from (values %s) as step (topic, partition, pending_xid, next_number, chain)
where mine.owner = '{owner}' and mine.topic = step.topic and mine.partition = step.partition and mine.pending_xid = step.pending_xid
"""
_SEAL = "insert into relay_seal (topic, partition, epoch, first_number, last_number, chain, sealed_at) values %s"


class LeaseLost(Exception):
    """Another relay has a partition that this one thought its own; what it published meanwhile bears the same numbers, so nothing is wrong."""


@dataclass(slots=True, kw_only=True)
class Lease:
    """One topic partition in this relay's hands: what is numbered next, and the window [bound, pending) that is being published."""

    topic: str
    partition: int
    epoch: int
    next_number: int
    bound_xid: int
    pending_xid: int | None
    chain: bytes

    @property
    def name(self) -> TopicPartitionName:
        return self.topic, self.partition


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A lease's window, acknowledged by Kafka: to be settled. `chain` seals the records first_number .. last_number."""

    lease: Lease
    last_number: int
    chain: bytes


def take_leases(cursor: Cursor, owner: str, wanted: Iterable[TopicPartitionName]) -> list[Lease]:
    """Take those of the wanted partitions that nobody holds, and return them as stored."""
    names = sorted(wanted)
    execute_values(cursor, _ADD_MISSING, [(topic, partition, 1, 1, 0, b"") for topic, partition in names], template="(%s, %s::smallint, %s, %s, %s, %s::bytea)")
    cursor.execute(_TAKE, {"owner": owner, "wanted": tuple(names)})
    return [
        Lease(topic=topic, partition=partition, epoch=epoch, next_number=number, bound_xid=bound, pending_xid=pending, chain=bytes(chain))
        for topic, partition, epoch, number, bound, pending, chain in cursor.fetchall()
    ]


def renew_leases(cursor: Cursor, owner: str, held: Sequence[Lease]) -> None:
    """Keep the held partitions for another while. Raises LeaseLost."""
    cursor.execute(_RENEW, (owner, tuple(lease.name for lease in held)))
    _require_all(cursor, held)


def release_leases(cursor: Cursor, owner: str) -> None:
    """Give every partition of this relay to whoever asks next."""
    cursor.execute(_RELEASE, (owner,))


def begin_epoch(cursor: Cursor, owner: str, lease: Lease, epoch: int) -> None:
    """Number the partition anew from 1 in a later epoch. Raises LeaseLost."""
    cursor.execute(_BEGIN_EPOCH, (epoch, owner, *lease.name))
    _require_all(cursor, (lease,))
    lease.epoch, lease.next_number = epoch, 1


def oldest_running_xid(cursor: Cursor) -> int:
    """Return the transaction id below which every transaction has ended: what they committed can be read without gaps."""
    cursor.execute("select pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
    row = cursor.fetchone()
    assert row is not None
    xid: int = row[0]
    return xid


class CommittedBatch(NamedTuple):
    """A batch of a window. `may_repeat`: its records are always marked, as those of a recovery are."""

    number: int
    xid: int
    age_seconds: float
    may_repeat: bool


def list_batches(cursor: Cursor, bound_xid: int, until_xid: int, limit: int) -> list[CommittedBatch]:
    """Return the batches committed in [bound_xid, until_xid), by xid: `limit`, and all others of the last transaction."""
    cursor.execute(_LIST_BATCHES, (str(bound_xid), str(until_xid), limit))
    return [CommittedBatch(*row) for row in cursor.fetchall()]


def announce_window(cursor: Cursor, owner: str, until_xid: int, records_of: Mapping[TopicPartitionName, int], held: Sequence[Lease]) -> None:
    """Store which window is about to be published, so that after a crash the same records get the same numbers; partitions without records just move on.

    Raises LeaseLost.
    """
    steps = [(*lease.name, lease.bound_xid, until_xid, records_of.get(lease.name, 0)) for lease in held]
    execute_values(cursor, _ANNOUNCE.format(owner=owner), steps, template="(%s, %s, %s::bigint, %s::bigint, %s)", page_size=len(steps))
    _require_all(cursor, held)
    for lease in held:
        if records_of.get(lease.name, 0):
            lease.pending_xid = until_xid
        else:
            lease.bound_xid = until_xid


def settle_windows(cursor: Cursor, owner: str, published: Sequence[Published]) -> None:
    """Store that windows were acknowledged, and seal them. Raises LeaseLost."""
    if not published:
        return
    steps = [(*done.lease.name, done.lease.pending_xid, done.last_number + 1, done.chain) for done in published]
    execute_values(cursor, _SETTLE.format(owner=owner), steps, template="(%s, %s, %s::bigint, %s::bigint, %s::bytea)", page_size=len(steps))
    _require_all(cursor, [done.lease for done in published])
    seals = [(*done.lease.name, done.lease.epoch, done.lease.next_number, done.last_number, done.chain) for done in published]
    execute_values(cursor, _SEAL, seals, template="(%s, %s, %s, %s, %s, %s, clock_timestamp())")
    for done in published:
        assert done.lease.pending_xid is not None
        done.lease.bound_xid, done.lease.pending_xid = done.lease.pending_xid, None
        done.lease.next_number, done.lease.chain = done.last_number + 1, done.chain


def _require_all(cursor: Cursor, held: Sequence[Lease]) -> None:
    if cursor.rowcount != len(held):
        raise LeaseLost(f"held {len(held)} partitions, still has {cursor.rowcount}")
