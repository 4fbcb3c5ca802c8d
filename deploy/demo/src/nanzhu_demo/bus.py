"""Reads what the platform has published, from the first record to the last, as any system around it may."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition

from loyalty_shared.contracts.accrual import PointsClawedBackV1, PointsEarnedV1
from loyalty_shared.contracts.redemption import EntryPostedV1
from loyalty_shared.contracts.topics import ACCRUAL_BATCHES, ACCRUAL_POINTS, REDEMPTION_LEDGER, Topic

_LOT_MAX: Final = 5_000
_WAIT_MS: Final = 200


@dataclass(slots=True, kw_only=True)
class PublishedPoints:
    """What accrual has published, by source system of the cause: records of points earned, the points, and the points taken back."""

    earnings: Counter[str] = field(default_factory=Counter)
    earned: Counter[str] = field(default_factory=Counter)
    clawed_back: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True, kw_only=True)
class PublishedLedger:
    """What the ledger has published: signed points by kind, each customer's balance (all point types), and the points of entries by source system and kind.

    `by_date`: signed points of each business date; `used_on`: points used on it in any application, less those given back.
    """

    entries: int = 0
    by_kind: Counter[str] = field(default_factory=Counter)
    by_source: Counter[tuple[str, str]] = field(default_factory=Counter)
    balances: Counter[str] = field(default_factory=Counter)
    by_date: Counter[date] = field(default_factory=Counter)
    used_on: Counter[date] = field(default_factory=Counter)
    rules_by_customer: dict[str, set[str]] = field(default_factory=dict)

    @property
    def outstanding(self) -> int:
        """The sum of all postings: what the bank owes its customers, pending points included, arrears less."""
        return self.balances.total()

    def closing(self, on: date) -> int:
        """Return what was outstanding when that business date was closed."""
        return sum(points for day, points in self.by_date.items() if day <= on)


async def read_points(bootstrap_servers: str, legal_entity: str) -> PublishedPoints:
    """Return the entity's points on `loyalty.accrual.points`, up to its present end."""
    points = PublishedPoints()
    async for record in _records(bootstrap_servers, ACCRUAL_POINTS):
        if not isinstance(record, PointsEarnedV1) or record.legal_entity != legal_entity:
            continue
        source = record.cause.source_system
        if isinstance(record, PointsClawedBackV1):
            points.clawed_back[source] += record.points
        else:
            points.earnings[source] += 1
            points.earned[source] += record.points
    return points


async def read_ledger(bootstrap_servers: str, legal_entity: str) -> PublishedLedger:
    """Return the entity's entries on `loyalty.redemption.ledger`, up to its present end."""
    ledger = PublishedLedger()
    async for entry in _records(bootstrap_servers, REDEMPTION_LEDGER):
        if not isinstance(entry, EntryPostedV1) or entry.legal_entity != legal_entity:
            continue
        ledger.entries += 1
        ledger.by_kind[entry.kind] += entry.points
        ledger.by_source[entry.cause.source_system, entry.kind] += entry.points
        ledger.balances[entry.customer_no] += entry.points
        ledger.by_date[entry.business_on] += entry.points
        if any(account.startswith("redeemed:") for account in (entry.debit_account, entry.credit_account)):
            ledger.used_on[entry.business_on] -= entry.points
        if entry.rule_code is not None:
            ledger.rules_by_customer.setdefault(entry.customer_no, set()).add(entry.rule_code)
    return ledger


async def count_decided(bootstrap_servers: str) -> int:
    """Return how many events accrual has decided since it was installed, as its batches on `loyalty.accrual.batches` say."""
    return sum([batch.events async for batch in _records(bootstrap_servers, ACCRUAL_BATCHES)])


async def end_of(bootstrap_servers: str, topic: Topic) -> int:
    """Return the end offsets of all the topic's partitions added up: how many records it has."""
    async with _reader(bootstrap_servers) as consumer:
        ends: dict[TopicPartition, int] = await consumer.end_offsets(_partitions_of(topic))
    return sum(ends.values())


async def _records(bootstrap_servers: str, topic: Topic) -> AsyncIterator[Any]:
    decoders: dict[bytes, msgspec.json.Decoder[Any]] = {ce_type.encode(): msgspec.json.Decoder(struct) for ce_type, struct in topic.types.items()}
    partitions = _partitions_of(topic)
    async with _reader(bootstrap_servers) as consumer:
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        ends = await consumer.end_offsets(partitions)
        while any([await consumer.position(partition) < ends[partition] for partition in partitions]):
            for records in (await consumer.getmany(timeout_ms=_WAIT_MS, max_records=_LOT_MAX)).values():
                for record in records:
                    decoder = decoders.get(dict(record.headers).get("ce_type", b""))
                    if decoder is not None:
                        yield decoder.decode(record.value)


def _partitions_of(topic: Topic) -> list[TopicPartition]:
    return [TopicPartition(topic.name, number) for number in range(topic.partitions)]


@asynccontextmanager
async def _reader(bootstrap_servers: str) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap_servers, enable_auto_commit=False)
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()
