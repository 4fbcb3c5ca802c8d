"""A service in small: one table of what was taken, one table of what goes out, and the real tables of messaging."""

import asyncio
import itertools
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from aiokafka import AIOKafkaProducer
from psycopg2.extensions import cursor as Cursor
from sqlalchemy import BigInteger, Column, MetaData, SmallInteger, Table, Text, create_engine

from loyalty_shared.contracts.topics import Topic
from loyalty_shared.messaging.consumer import ConsumerRuntime
from loyalty_shared.messaging.headers import Header, cloud_event_headers
from loyalty_shared.messaging.metrics import MESSAGING_METRICS
from loyalty_shared.messaging.records import Batch
from loyalty_shared.messaging.standing import Standing
from loyalty_shared.messaging.subscriptions import Subscription
from loyalty_shared.messaging.taking import take_batch
from loyalty_shared.observability.metrics import Metrics
from loyalty_shared.persistence import dead_letters
from loyalty_shared.persistence.connections import Database
from loyalty_shared.persistence.dead_letters import dead_letter_table, source_state_table
from loyalty_shared.persistence.offsets import consumer_offset_table
from loyalty_shared.persistence.outgoing import begin_batch, outgoing_batch_table, relay_partition_table, relay_recovery_table, relay_seal_table
from support.platform import MakeDatabase

AT = datetime(2026, 3, 1, tzinfo=UTC)
EVENT_TYPE = "test.thing.happened.v1"


class Happened(msgspec.Struct, frozen=True, kw_only=True):
    legal_entity: str
    source_system: str
    no: int


def topic_of(name: str, partitions: int = 1) -> Topic:
    return Topic(name=name, partitions=partitions, types={EVENT_TYPE: Happened})


@pytest.fixture
def service_url(database: MakeDatabase) -> str:
    """Return the URL of a database with the tables of messaging, `taken` and `thing`."""
    url = database("messaging")
    metadata = MetaData()
    for define in (
        consumer_offset_table, dead_letter_table, source_state_table, outgoing_batch_table, relay_partition_table, relay_recovery_table, relay_seal_table,
    ):  # fmt: skip
        define(metadata)
    Table("taken", metadata, Column("no", BigInteger), Column("record_offset", BigInteger), Column("reader", Text))
    Table("thing", metadata, Column("batch_no", BigInteger), Column("position", BigInteger), Column("partition", SmallInteger), Column("no", BigInteger))
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg2://"))
    metadata.create_all(engine)
    engine.dispose()
    return url


@pytest.fixture
def service(service_url: str) -> Iterator[Database]:
    database = Database(service_url, application_name="test")
    yield database
    database.close()


@dataclass
class TakeThings:
    """The use case of these tests; `before` is run inside the transaction, to make it fail."""

    database: Database
    reader: str = "one"
    before: Callable[[Batch[Happened], Cursor], None] = lambda batch, cursor: None
    sizes: list[int] = field(default_factory=list)

    def __call__(self, batch: Batch[Happened]) -> None:
        with self.database.transaction() as cursor:
            take_batch(cursor, batch)
            self.before(batch, cursor)
            cursor.executemany(
                "insert into taken values (%s, %s, %s)", [(event.no, offset, self.reader) for event, offset in zip(batch.events, batch.offsets, strict=True)]
            )
            if batch.rejected:
                dead_letters.post(cursor, begin_batch(cursor, AT), batch.group, batch.rejected, AT)
        self.sizes.append(len(batch.events))


def rows(database: Database, query: str, *arguments: object) -> list[tuple[Any, ...]]:
    with database.transaction() as cursor:
        cursor.execute(query, arguments)
        return cursor.fetchall()


def taken(database: Database) -> list[int]:
    """Return the numbers taken, in order; a number twice is a record taken twice."""
    return [row[0] for row in rows(database, "select no from taken order by no")]


@dataclass(frozen=True)
class Running:
    """A coroutine with a loop and thread of its own, as a process would have."""

    loop: asyncio.AbstractEventLoop
    thread: threading.Thread
    stop_it: Callable[[], None]

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self.stop_it)
        self.thread.join(timeout=30)
        assert not self.thread.is_alive(), "did not stop"


@contextmanager
def running(make: Callable[[], Any]) -> Iterator[Any]:
    """Run what `make` returns (it has `run` and `stop`) until the block ends."""
    started = threading.Event()
    box: dict[str, Any] = {}

    async def main() -> None:
        box["thing"], box["loop"] = make(), asyncio.get_running_loop()
        started.set()
        await box["thing"].run()

    thread = threading.Thread(target=lambda: asyncio.run(main()), daemon=True)
    thread.start()
    assert started.wait(10)
    handle = Running(box["loop"], thread, box["thing"].stop)
    try:
        yield box["thing"]
    finally:
        if thread.is_alive():
            handle.stop()


def consumer(kafka: str, database: Database, *subscriptions: Subscription, metrics: Metrics | None = None) -> ConsumerRuntime:
    metrics = metrics or Metrics(MESSAGING_METRICS)
    return ConsumerRuntime(kafka, database, subscriptions, metrics, Standing(metrics))


_ids = itertools.count(1)


def envelope(**changes: bytes | None) -> list[Header]:
    """Return good headers, some replaced, or left out when None; `ce_type` is written `type`."""
    headers = dict(cloud_event_headers(event_id=b"e%d" % next(_ids), source=b"/test", event_type=EVENT_TYPE, at=AT))
    for name, value in changes.items():
        full = name if name == "traceparent" else f"ce_{name}"
        if value is None:
            headers.pop(full)
        else:
            headers[full] = value
    return list(headers.items())


def thing(no: int, source: str = "core", entity: str = "001") -> bytes:
    return msgspec.json.encode(Happened(legal_entity=entity, source_system=source, no=no))


Message = tuple[bytes | None, Sequence[Header]]


def produce(kafka: str, topic: str, messages: Sequence[Message], partition: int | None = 0) -> None:
    """Publish (value, headers) in order."""

    async def send() -> None:
        async with AIOKafkaProducer(bootstrap_servers=kafka, max_request_size=1 << 23) as producer:
            waiting = [
                await producer.send(topic, value=value, headers=headers, key=b"001:C1", partition=index % 3 if partition is None else partition)
                for index, (value, headers) in enumerate(messages)
            ]
            for sent in waiting:
                await sent

    asyncio.run(send())
