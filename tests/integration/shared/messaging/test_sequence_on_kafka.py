"""Our own topics through relay and consumer together: a lost record stops the reader, a repeat does not, a new epoch is told."""

from collections.abc import Sequence

import pytest
from psycopg2.extensions import cursor as Cursor

from integration.shared.messaging.conftest import (
    Happened,
    TakeThings,
    ThingTopic,
    consumer,
    envelope,
    on_kafka,
    produce,
    relay,
    rows,
    running,
    taken,
    thing,
    topic_of,
    write_things,
)
from loyalty_shared.messaging.records import Batch
from loyalty_shared.messaging.standing import State
from loyalty_shared.messaging.subscriptions import Subscription
from loyalty_shared.persistence.connections import Database
from support.eventually import eventually
from support.platform import MakeTopic

GROUP = "test.read-things"


def reading(name: str, use_case: TakeThings) -> Subscription:
    return Subscription(group=f"{GROUP}.{name}", topic=topic_of(name), use_case=use_case, sequenced=True)


def numbered(sequence: str, no: int, **headers: bytes) -> tuple[bytes, Sequence[tuple[str, bytes]]]:
    return thing(no), envelope(sequence=sequence.encode(), **headers)


def expected(database: Database) -> list[str]:
    return [f"{epoch}.{number}" for epoch, number in rows(database, "select epoch, next_number from consumer_offset")]


def test_a_repeat_is_skipped_over_restarts_too(kafka: str, service: Database, topic: MakeTopic) -> None:
    name = topic()
    produce(kafka, name, [numbered("1.1", 1), numbered("1.2", 2), numbered("1.2", 2), numbered("1.3", 3)])
    with running(lambda: consumer(kafka, service, reading(name, TakeThings(service)))):
        eventually(lambda: taken(service) == [1, 2, 3])
    produce(kafka, name, [numbered("1.2", 2), numbered("1.4", 4)])
    with running(lambda: consumer(kafka, service, reading(name, TakeThings(service)))):
        eventually(lambda: taken(service) == [1, 2, 3, 4])
    assert expected(service) == ["1.5"]


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (("1.4", 4), "lost: expected 1.3, found 1.4"),
        (("1.2", 99), "number 1.2 was used before"),
        (("2.2", 4), "lost: epoch 2 begins with number 2"),
        (("x", 4), "is not <epoch>.<number>"),
    ],
)
def test_a_broken_sequence_stops_the_consumer_with_its_place_kept(
    kafka: str, service: Database, topic: MakeTopic, broken: tuple[str, int], reason: str
) -> None:
    name = topic()
    produce(kafka, name, [numbered("1.1", 1), numbered("1.2", 2), numbered(*broken), numbered("1.3", 3)])
    with running(lambda: consumer(kafka, service, reading(name, TakeThings(service)))) as runtime:
        eventually(lambda: runtime.standing.state_of((f"{GROUP}.{name}", name, 0))[0] is State.STOPPED)
        assert reason in runtime.standing.state_of((f"{GROUP}.{name}", name, 0))[1]
    assert taken(service) == [1, 2]
    assert rows(service, "select next_offset, epoch, next_number from consumer_offset") == [(2, 1, 3)]
    assert rows(service, "select count(*) from dead_letter") == [(0,)]


def test_a_topic_that_lacks_its_first_record_stops_a_new_reader(kafka: str, service: Database, topic: MakeTopic) -> None:
    name = topic()
    produce(kafka, name, [numbered("1.2", 2)])
    with running(lambda: consumer(kafka, service, reading(name, TakeThings(service)))) as runtime:
        eventually(lambda: runtime.standing.state_of((f"{GROUP}.{name}", name, 0))[0] is State.STOPPED)
    assert taken(service) == []


def test_a_foreign_record_on_a_topic_of_ours_is_set_aside(kafka: str, service: Database, topic: MakeTopic) -> None:
    name = topic()
    produce(kafka, name, [numbered("1.1", 1), (thing(66), envelope()), (b"no json", envelope(sequence=b"1.2")), numbered("1.3", 3)])
    with running(lambda: consumer(kafka, service, reading(name, TakeThings(service)))):
        eventually(lambda: taken(service) == [1, 3])
    assert rows(service, "select fault from dead_letter order by record_offset") == [("missing-header",), ("malformed-json",)]


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("update consumer_offset set cluster_id = 'another'", "connect the service to its own cluster"),
        ("update consumer_offset set topic_id = 'another'", "deleted and made again"),
        ("update consumer_offset set next_offset = 100", "Kafka ends at offset 2, below the stored 100"),
    ],
)
def test_another_kafka_than_the_stored_one_stops_the_consumer(kafka: str, service: Database, topic: MakeTopic, statement: str, reason: str) -> None:
    name = topic()
    produce(kafka, name, [numbered("1.1", 1), numbered("1.2", 2)])
    with running(lambda: consumer(kafka, service, reading(name, TakeThings(service)))):
        eventually(lambda: taken(service) == [1, 2])
    with service.transaction() as cursor:
        cursor.execute(statement)
    with running(lambda: consumer(kafka, service, reading(name, TakeThings(service)))) as runtime:
        eventually(lambda: reason in runtime.standing.state_of((f"{GROUP}.{name}", name, 0))[1])
    assert taken(service) == [1, 2]


def test_a_producers_restored_database_is_made_good_by_comparing(kafka: str, service: Database, topic: MakeTopic) -> None:
    """The producer reads input, publishes, and is set back to before its last input; the reader compares by cause until told that all is as before."""
    source, name = topic("source"), topic("things")
    input_subscription = Subscription(
        group=f"test.produce.{name}",
        topic=topic_of(source),
        sequenced=False,
        use_case=TakeThings(service, before=lambda batch, cursor: write_things(cursor, [event.no for event in batch.events], 1)),
    )
    flags: list[bool] = []

    def compare(batch: Batch[Happened], cursor: Cursor) -> None:
        flags.append(batch.catching_up)
        held = {row[0] for row in rows(service, "select no from read_things")} if batch.catching_up else set()
        cursor.executemany("insert into read_things values (%s)", [(event.no,) for event in batch.events if event.no not in held])

    with service.transaction() as cursor:
        cursor.execute("create table read_things (no bigint)")
    reader = Subscription(group=f"{GROUP}.{name}", topic=topic_of(name), sequenced=True, use_case=TakeThings(service, reader="reader", before=compare))

    def produce_and_publish(numbers: range, records: int) -> None:
        produce(kafka, source, [(thing(no), envelope()) for no in numbers])
        with (
            running(lambda: consumer(kafka, service, input_subscription)),
            running(lambda: relay(kafka, service, ThingTopic(name, 1), inputs=[input_subscription])),
        ):
            eventually(lambda: len(on_kafka(kafka, name, 1)) >= records)

    produce_and_publish(range(10), 10)
    backup = {table: rows(service, f"select * from {table}") for table in ("relay_partition", "consumer_offset", "outgoing_batch", "thing")}
    produce_and_publish(range(10, 20), 20)
    with service.transaction() as cursor:
        cursor.execute("delete from thing where batch_no > %s", (max(row[0] for row in backup["outgoing_batch"]),))
        cursor.execute("delete from outgoing_batch where batch_no > %s", (max(row[0] for row in backup["outgoing_batch"]),))
        place = backup["relay_partition"][0]
        cursor.execute(
            "update relay_partition set epoch = %s, next_number = %s, bound_xid = %s, pending_xid = null, owner = null", (place[2], place[3], place[4])
        )
        cursor.execute("update consumer_offset set next_offset = 10 where consumer_group = %s", (input_subscription.group,))
    produce_and_publish(range(20, 25), 35)
    records = on_kafka(kafka, name, 1)
    assert [record.sequence for record in records[20:]] == [f"2.{n}" for n in range(1, 16)]
    assert all(record.recovering for record in records[20:30])
    with running(lambda: consumer(kafka, service, reader)):
        eventually(lambda: [row[0] for row in rows(service, "select no from read_things order by 1")] == list(range(25)))
        produce_and_publish(range(25, 30), 40)
        produce_and_publish(range(30, 35), 45)
        eventually(lambda: [row[0] for row in rows(service, "select no from read_things order by 1")] == list(range(35)))
    assert any(flags)
    assert not on_kafka(kafka, name, 1)[-1].recovering
    assert flags[-1] is False
