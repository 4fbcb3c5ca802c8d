"""Fills the core topics as fast as the broker takes it, before the clock starts."""

import asyncio
import itertools
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Final

import msgspec
from aiokafka import AIOKafkaProducer

from bench.workload import Event
from loyalty_shared.contracts import core
from loyalty_shared.contracts.core import CustomerChangedV1
from loyalty_shared.contracts.topics import Topic
from loyalty_shared.messaging.headers import cloud_event_headers
from loyalty_shared.messaging.partitioning import partition_of

LOT: Final = 2_000
#: Between the pieces of a stream: what is in one piece is within what a batch of accrual takes.
STREAM_PAUSE_SECONDS: Final = 0.05
_TYPES: Final = {struct: name for types in (core.TRANSACTIONS, core.CUSTOMERS) for name, struct in types.items()}
_AT: Final = datetime(2026, 3, 1, tzinfo=UTC)


async def fill(bootstrap_servers: str, topic: Topic, events: Iterable[Event | CustomerChangedV1]) -> int:
    """Publish the events in order, partitioned by customer, and return how many."""
    async with _producer(bootstrap_servers) as producer:
        return await _publish(producer, topic, events)


async def stream(bootstrap_servers: str, topic: Topic, events: Iterator[Event], per_second: int, stopping: asyncio.Event) -> float:
    """Publish the events at a steady rate until told to stop, and return the rate that was kept, in events per second."""
    now = asyncio.get_running_loop().time
    count = 0
    async with _producer(bootstrap_servers) as producer:
        began = now()
        while not stopping.is_set():
            count += await _publish(producer, topic, itertools.islice(events, int((now() - began) * per_second) - count))
            await asyncio.sleep(STREAM_PAUSE_SECONDS)
        return count / (now() - began)


def _producer(bootstrap_servers: str) -> AIOKafkaProducer:
    return AIOKafkaProducer(bootstrap_servers=bootstrap_servers, max_batch_size=1 << 20, enable_idempotence=True)


async def _publish(producer: AIOKafkaProducer, topic: Topic, events: Iterable[Event | CustomerChangedV1]) -> int:
    encode = msgspec.json.Encoder().encode
    lots: list[list[tuple[bytes, bytes, str]]] = [[] for _ in range(topic.partitions)]
    count = 0
    for event in events:
        key = f"{event.legal_entity}:{event.customer_no}".encode()
        partition = partition_of(key, topic.partitions)
        lots[partition].append((key, encode(event), _TYPES[type(event)]))
        count += 1
        if len(lots[partition]) == LOT:
            await _send(producer, topic.name, partition, lots[partition])
            lots[partition] = []
    for partition, lot in enumerate(lots):
        if lot:
            await _send(producer, topic.name, partition, lot)
    return count


async def _send(producer: AIOKafkaProducer, topic: str, partition: int, lot: list[tuple[bytes, bytes, str]]) -> None:
    batch = producer.create_batch()
    sent = []
    for number, (key, value, ce_type) in enumerate(lot):
        headers = cloud_event_headers(event_id=b"bench-%d" % number, source=b"/core/bench", event_type=ce_type, at=_AT)
        while batch.append(key=key, value=value, timestamp=None, headers=headers) is None:
            sent.append(await producer.send_batch(batch, topic, partition=partition))
            batch = producer.create_batch()
    sent.append(await producer.send_batch(batch, topic, partition=partition))
    await asyncio.gather(*sent)
