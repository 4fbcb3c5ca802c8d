"""The chain of hashes that seals what was published, worked out again from the rows: who changed an entry afterwards is found (architecture.md section 4)."""

import hashlib
import itertools
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from psycopg2.extensions import cursor as Cursor

from loyalty_shared.messaging.outgoing import OutgoingTopic

_SEALS: Final = """
select partition, epoch, first_number, last_number, chain from relay_seal where topic = %s order by partition, epoch, first_number
"""
_ENDS: Final = "select partition, epoch, next_number, chain from relay_partition where topic = %s"
# A window is whole transactions in the order of their ids, so that every seal ends where a transaction does.
_BATCHES: Final = "select xid::text::bigint, batch_no from outgoing_batch where xid > %s::text::xid8 order by xid fetch first %s rows with ties"
BATCHES_PER_READ: Final = 512


class Seal(NamedTuple):
    """A chunk of a partition: the records first_number .. last_number of an epoch, and the chain's hash after them."""

    partition: int
    epoch: int
    first_number: int
    last_number: int
    chain: bytes

    def __str__(self) -> str:
        return f"partition {self.partition}, records {self.epoch}.{self.first_number} to {self.epoch}.{self.last_number}"


class ChainBroken(Exception):
    """What is in the database is not what was published; the text names the first chunk that differs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """How much was found to be as it was sealed."""

    chunks: int
    records: int


class _Records:
    """One partition's records as they are now, transaction by transaction, in the order in which windows took them."""

    def __init__(self) -> None:
        self._transactions: list[list[tuple[int, bytes]]] = []

    def append(self, transaction: list[tuple[int, bytes]]) -> None:
        self._transactions.append(transaction)

    def take(self, count: int) -> list[bytes] | None:
        """Return the next `count` records, as a window published them; None when transactions do not end there, or there are no more."""
        taken: list[tuple[int, bytes]] = []
        transactions = 0
        for transaction in self._transactions:
            if len(taken) >= count:
                break
            taken += transaction
            transactions += 1
        if len(taken) != count:
            return None
        del self._transactions[:transactions]
        return [value for _, value in sorted(taken, key=lambda record: record[0])]

    @property
    def count(self) -> int:
        return sum(map(len, self._transactions))


def verify_chain(cursor: Cursor, outgoing: OutgoingTopic) -> Verified:
    """Work the chain out again for every partition of a topic, on a cursor with one snapshot. Raises ChainBroken. Reads all that was ever published."""
    seals = _seals(cursor, outgoing.topic.name)
    transactions = _transactions(cursor, outgoing)
    records: defaultdict[int, _Records] = defaultdict(_Records)
    chains: defaultdict[int, bytes] = defaultdict(bytes)
    chunks = published = 0
    while any(seals.values()):
        more = next(transactions, None)
        for partition, transaction in (more or {}).items():
            records[partition].append(transaction)
        for partition, waiting in seals.items():
            while waiting and (more is None or records[partition].count >= _size(waiting[0])):
                chains[partition] = _sealed(chains[partition], waiting[0], records[partition])
                published += _size(waiting.pop(0))
                chunks += 1
    return Verified(chunks=chunks, records=published)


def _size(seal: Seal) -> int:
    return seal.last_number - seal.first_number + 1


def _sealed(before: bytes, seal: Seal, records: _Records) -> bytes:
    """Return the chain's hash after a chunk. Raises ChainBroken when it is not the one that was sealed."""
    values = records.take(_size(seal))
    chain = hashlib.sha256(before)
    for value in values or ():
        chain.update(value)
    if values is None or chain.digest() != seal.chain:
        raise ChainBroken(f"{seal}: the entries are not those that were published")
    return seal.chain


def _seals(cursor: Cursor, topic: str) -> dict[int, list[Seal]]:
    """Return each partition's seals in order. Raises ChainBroken when one is missing."""
    cursor.execute(_SEALS, (topic,))
    seals: dict[int, list[Seal]] = defaultdict(list)
    for partition, epoch, first_number, last_number, chain in cursor.fetchall():
        seals[partition].append(Seal(partition, epoch, first_number, last_number, bytes(chain)))
    cursor.execute(_ENDS, (topic,))
    ends = {partition: (epoch, number, bytes(chain)) for partition, epoch, number, chain in cursor.fetchall()}
    for partition, (epoch, next_number, chain) in ends.items():
        of_one = seals.get(partition, [])
        for earlier, later in itertools.pairwise(of_one):
            if later.first_number != (earlier.last_number + 1 if later.epoch == earlier.epoch else 1):
                raise ChainBroken(f"{later}: the seals before it are missing")
        last = of_one[-1] if of_one else None
        if (last.chain if last else b"") != chain or (last is not None and last.epoch == epoch and last.last_number + 1 != next_number):
            raise ChainBroken(f"partition {partition}: its last seals are missing")
    return seals


def _transactions(cursor: Cursor, outgoing: OutgoingTopic) -> Iterator[dict[int, list[tuple[int, bytes]]]]:
    """Return each transaction's records, as (batch number, body), by partition, in the order of the transactions' ids."""
    after = 0
    while True:
        cursor.execute(_BATCHES, (str(after), BATCHES_PER_READ))
        batches: Sequence[tuple[int, int]] = cursor.fetchall()
        if not batches:
            return
        after = batches[-1][0]
        transaction_of = {number: xid for xid, number in batches}
        read: dict[int, dict[int, list[tuple[int, bytes]]]] = {xid: {} for xid, _ in batches}
        for record in outgoing.read(cursor, sorted(transaction_of)):
            read[transaction_of[record.batch_no]].setdefault(record.partition, []).append((record.batch_no, record.value or b""))
        yield from read.values()
