"""A service in small: one table of what was taken, one table of what goes out, and the real tables of messaging."""

import asyncio
import itertools
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from psycopg2.extensions import cursor as Cursor
from sqlalchemy import BigInteger, Column, MetaData, SmallInteger, Table, Text, create_engine

from loyalty_shared.contracts.topics import Topic
from loyalty_shared.messaging.consumer import ConsumerRuntime
from loyalty_shared.messaging.headers import Header, cloud_event_headers
from loyalty_shared.messaging.metrics import MESSAGING_METRICS
from loyalty_shared.messaging.outgoing import OutgoingRecord, OutgoingTopic
from loyalty_shared.messaging.records import Batch
from loyalty_shared.messaging.relay import Relay
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


class ThingTopic:
    """The outgoing topic of these tests: its rows are in `thing`."""

    def __init__(self, name: str, partitions: int) -> None:
        self.topic = topic_of(name, partitions)

    def read(self, cursor: Cursor, batches: Sequence[int]) -> Iterable[OutgoingRecord]:
        cursor.execute("select batch_no, partition, no from thing where batch_no = any(%s) order by batch_no, position", (list(batches),))
        return [OutgoingRecord(batch_no, partition, b"001:C1", EVENT_TYPE, thing(no), AT) for batch_no, partition, no in cursor.fetchall()]


def write_things(cursor: Cursor, numbers: Sequence[int], partitions: int, *, may_repeat: bool = False) -> None:
    """Post one batch of outgoing rows, as a use case would."""
    batch_no = begin_batch(cursor, AT, may_repeat=may_repeat)
    cursor.executemany("insert into thing values (%s, %s, %s, %s)", [(batch_no, position, no % partitions, no) for position, no in enumerate(numbers)])


def relay(kafka: str, database: Database, *topics: OutgoingTopic, inputs: Sequence[Subscription] = (), metrics: Metrics | None = None) -> Relay:
    return Relay(kafka, database, topics, source="/loyalty/test", inputs=inputs, metrics=metrics or Metrics(MESSAGING_METRICS))


@dataclass(frozen=True)
class OnKafka:
    """A record as read back. `no` is the thing's number."""

    partition: int
    sequence: str
    no: int
    recovering: bool
    headers: dict[str, bytes]


def on_kafka(kafka: str, topic: str, partitions: int) -> list[OnKafka]:
    """Return every record of a topic, by partition in order."""
    found = []
    for record in raw_on_kafka(kafka, topic, partitions):
        headers = dict(record.headers)
        no = msgspec.json.decode(record.value)["no"]
        found.append(OnKafka(record.partition, headers["ce_sequence"].decode(), no, "ce_recovering" in headers, headers))
    return found


def raw_on_kafka(kafka: str, topic: str, partitions: int = 1) -> list[Any]:
    """Return every record of a topic as the client gives it, by partition in order."""

    async def read() -> list[Any]:
        places = [TopicPartition(topic, partition) for partition in range(partitions)]
        found: list[Any] = []
        async with AIOKafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False, auto_offset_reset="earliest") as reader:
            reader.assign(places)
            ends = await reader.end_offsets(places)
            for place in places:
                while await reader.position(place) < ends[place]:
                    found += (await reader.getmany(place, timeout_ms=1000)).get(place, ())
        return found

    return asyncio.run(read())


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
