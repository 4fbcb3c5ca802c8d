"""Reading what has committed, a window of transaction ids at a time, and turning it into numbered chunks. All of it blocks: call it in a thread.

A window ends below the oldest transaction that still runs, so nothing can commit into it later (architecture.md section 3). By `id > last` records were lost.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from aiokafka import AIOKafkaProducer
from psycopg2.extensions import cursor as Cursor

from loyalty_shared.messaging.outgoing import OutgoingRecord, OutgoingTopic
from loyalty_shared.messaging.publishing import Chunks, Numbering
from loyalty_shared.messaging.recovery import end_recovery, has_read_again, is_recovering
from loyalty_shared.messaging.relay_rows import (
    CommittedBatch,
    Lease,
    Published,
    TopicPartitionName,
    announce_window,
    list_batches,
    oldest_running_xid,
    renew_leases,
    settle_windows,
)
from loyalty_shared.persistence.connections import Database

WINDOW_BATCHES_MAX: Final = 512
#: A window is cut, at a batch's end, where it would have more records than this, as far as the last windows tell.
WINDOW_RECORDS_AIM: Final = 8_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """What is to be published next, by partition. `waited_seconds`: the age of its oldest batch."""

    parts: Sequence[Chunks]
    waited_seconds: float


class Windows:
    """The windows of one service's database, in order, for the partitions that this relay holds."""

    def __init__(self, database: Database, topics: Iterable[OutgoingTopic], source: str, owner: str) -> None:
        self._database = database
        self._topics = {outgoing.topic.name: outgoing for outgoing in topics}
        self._numbering = Numbering(source)
        self._owner = owner
        self._records_per_batch = WINDOW_RECORDS_AIM / 2  # not known yet: a relay that begins far behind must not read it all at once
        self._read_again_xid: int | None = None  # while recovering: what committed below it may repeat

    def step(self, producer: AIOKafkaProducer, held: Sequence[Lease], done: Sequence[Published]) -> Window | None:
        """Settle what was published, and return the next window, or None when nothing has committed. One transaction. Raises LeaseLost."""
        with self._database.transaction() as cursor:
            settle_windows(cursor, self._owner, done)
            recovering = self._is_recovering(cursor)
            parts: list[Chunks] = []
            waited_seconds = 0.0
            until_xid = oldest_running_xid(cursor)
            for leases in _by_bound(held):
                batches, end_xid = self._batches(cursor, leases[0].bound_xid, until_xid)
                if not batches:
                    continue
                waited_seconds = max(waited_seconds, *(batch.age_seconds for batch in batches))
                records = self._read(cursor, batches, leases)
                announce_window(cursor, self._owner, end_xid, {name: len(of_one) for name, of_one in records.items()}, leases)
                marked = _marked(batches, recovering=recovering)
                parts += [self._numbering.chunks(producer, lease, records[lease.name], already=0, marked=marked) for lease in leases if records[lease.name]]
            return Window(parts=parts, waited_seconds=waited_seconds) if parts else None

    def pending(self, producer: AIOKafkaProducer, lease: Lease, already: int) -> Chunks | None:
        """Return the window that an earlier relay announced and did not settle, numbered as then, less what Kafka has of it; None: there is none."""
        if lease.pending_xid is None:
            return None
        with self._database.transaction() as cursor:
            batches = list_batches(cursor, lease.bound_xid, lease.pending_xid, WINDOW_BATCHES_MAX)
            records = self._read(cursor, batches, (lease,))[lease.name]
            return self._numbering.chunks(producer, lease, records, already=already, marked=_marked(batches, recovering=is_recovering(cursor)))

    def oldest_running_xid(self) -> int:
        """Return the transaction id that a window can end at now."""
        with self._database.transaction() as cursor:
            return oldest_running_xid(cursor)

    def settle(self, done: Sequence[Published]) -> None:
        """Settle what was published, when no window follows. Raises LeaseLost."""
        with self._database.transaction() as cursor:
            settle_windows(cursor, self._owner, done)

    def renew(self, held: Sequence[Lease]) -> None:
        """Keep the held partitions. Raises LeaseLost."""
        with self._database.transaction() as cursor:
            renew_leases(cursor, self._owner, held)

    def _batches(self, cursor: Cursor, bound_xid: int, until_xid: int) -> tuple[list[CommittedBatch], int]:
        """Return the window's batches and its end: as many as the aim allows, whole transactions only."""
        limit = max(1, min(WINDOW_BATCHES_MAX, int(WINDOW_RECORDS_AIM / self._records_per_batch)))
        batches = list_batches(cursor, bound_xid, until_xid, limit)
        return batches, batches[-1].xid + 1 if len(batches) >= limit else until_xid

    def _read(self, cursor: Cursor, batches: Sequence[CommittedBatch], leases: Sequence[Lease]) -> dict[TopicPartitionName, list[OutgoingRecord]]:
        """Return the records of the batches for each of the leases, in order; one query per topic."""
        records: dict[TopicPartitionName, list[OutgoingRecord]] = {lease.name: [] for lease in leases}
        numbers = sorted(batch.number for batch in batches)
        count = 0
        for topic in sorted({lease.topic for lease in leases}):
            by_partition = [records.get((topic, partition)) for partition in range(self._topics[topic].topic.partitions)]
            for record in self._topics[topic].read(cursor, numbers):
                of_one = by_partition[record.partition]
                if of_one is not None:
                    of_one.append(record)
                    count += 1
        self._records_per_batch = max(1.0, 0.5 * self._records_per_batch + 0.5 * count / len(batches)) if batches else self._records_per_batch
        return records

    def _is_recovering(self, cursor: Cursor) -> bool:
        """Tell whether this window's records must say that they may repeat; ends the recovery when all that may is published."""
        if self._read_again_xid is not None:
            if end_recovery(cursor, self._read_again_xid):
                self._read_again_xid = None
                return False
            return is_recovering(cursor)
        if not is_recovering(cursor):
            return False
        if has_read_again(cursor):
            self._read_again_xid = oldest_running_xid(cursor)
        return True


def _marked(batches: Iterable[CommittedBatch], *, recovering: bool) -> frozenset[int]:
    """Return the batches whose records must say that they may repeat, under other numbers, what was published before."""
    return frozenset(batch.number for batch in batches if recovering or batch.may_repeat)


def _by_bound(held: Sequence[Lease]) -> Iterable[Sequence[Lease]]:
    """Group partitions that have come equally far: one, as a rule, so that one read serves all."""
    groups: dict[int, list[Lease]] = defaultdict(list)
    for lease in held:
        groups[lease.bound_xid].append(lease)
    return groups.values()
