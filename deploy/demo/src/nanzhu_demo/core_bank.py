"""Publishes events as a core system does: CloudEvents in Kafka's binary mode, keyed by entity and customer."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Final

import msgspec
from aiokafka import AIOKafkaProducer

from loyalty_shared.contracts import core
from loyalty_shared.contracts.core import CustomerChangedV1, TransactionPostedV1
from loyalty_shared.contracts.topics import CORE_CUSTOMERS, CORE_TRANSACTIONS, Topic

CoreEvent = TransactionPostedV1 | CustomerChangedV1

LINGER_MS: Final = 5
BATCH_BYTES_MAX: Final = 256 * 1024
#: How many records may be on their way to the broker at once.
IN_FLIGHT_MAX: Final = 4_000
_TYPES: Final = {struct: ce_type for types in (core.TRANSACTIONS, core.CUSTOMERS) for ce_type, struct in types.items()}


@dataclass(frozen=True, slots=True)
class CoreBank:
    """The core system that the demo plays, publishing at `now`."""

    bootstrap_servers: str
    producer: AIOKafkaProducer
    now: datetime

    async def publish(self, events: Iterable[CoreEvent], on_published: Callable[[int], None] = lambda count: None) -> int:
        """Publish the events and return how many, when the broker has all of them. `on_published` is told of each lot that it has acknowledged."""
        published = 0
        remaining = iter(events)
        while lot := list(islice(remaining, IN_FLIGHT_MAX)):
            acknowledged = [await self._send(event) for event in lot]
            await asyncio.gather(*acknowledged)
            published += len(lot)
            on_published(len(lot))
        return published

    async def _send(self, event: CoreEvent) -> asyncio.Future[object]:
        future: asyncio.Future[object] = await self.producer.send(
            topic_of(event).name, msgspec.json.encode(event), key=key_of(event), headers=self._headers_of(event)
        )
        return future

    def _headers_of(self, event: CoreEvent) -> list[tuple[str, bytes]]:
        return [
            ("ce_specversion", b"1.0"),
            ("ce_id", trace_id_of(event).encode()),
            ("ce_source", b"/core/demo"),
            ("ce_type", _TYPES[type(event)].encode()),
            ("ce_time", self.now.isoformat().encode()),
            ("content-type", b"application/json"),
        ]


@asynccontextmanager
async def open_core_bank(bootstrap_servers: str, now: datetime) -> AsyncIterator[CoreBank]:
    """Give a core system that publishes to the broker, until the block ends."""
    async with AIOKafkaProducer(bootstrap_servers=bootstrap_servers, enable_idempotence=True, linger_ms=LINGER_MS, max_batch_size=BATCH_BYTES_MAX) as producer:
        yield CoreBank(bootstrap_servers, producer, now)


def key_of(event: CoreEvent) -> bytes:
    """Return the key of the event's record; it also chooses the partition, as the platform's own topics do."""
    return f"{event.legal_entity}:{event.customer_no}".encode()


def topic_of(event: CoreEvent) -> Topic:
    """Return the topic that a core system publishes the event on."""
    return CORE_CUSTOMERS if isinstance(event, CustomerChangedV1) else CORE_TRANSACTIONS


def trace_id_of(event: CoreEvent) -> str:
    """Return the event's id, the same whenever it is published again."""
    if isinstance(event, CustomerChangedV1):
        return f"customer-{event.customer_no}-{event.changed_at:%Y%m%d}"
    return f"{event.source_system}-{event.transaction_no}-{event.leg}"
