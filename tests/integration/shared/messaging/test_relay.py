"""The relay on a real Kafka and PostgreSQL: gapless numbers, nothing lost, one number for one record, whatever fails."""

import random
import threading
from dataclasses import replace

from integration.shared.messaging.conftest import AT, ThingTopic, on_kafka, raw_on_kafka, relay, rows, running, write_things
from loyalty_shared.contracts.topics import dead_letter_topic
from loyalty_shared.messaging.dead_letter_topic import DeadLetterTopic
from loyalty_shared.messaging.metrics import MESSAGING_METRICS
from loyalty_shared.observability.metrics import Metrics
from loyalty_shared.persistence import dead_letters
from loyalty_shared.persistence.connections import Database
from loyalty_shared.persistence.dead_letters import Fault, Rejected
from loyalty_shared.persistence.outgoing import begin_batch
from nanzhu_local.broker import make_topics
from support.eventually import eventually
from support.platform import MakeTopic


def write(database: Database, numbers: range, partitions: int) -> None:
    with database.transaction() as cursor:
        write_things(cursor, numbers, partitions)


def assert_gapless(kafka: str, name: str, partitions: int, epoch: int = 1) -> None:
    found = on_kafka(kafka, name, partitions)
    for partition in range(partitions):
        numbers = [record.sequence for record in found if record.partition == partition and record.sequence.startswith(f"{epoch}.")]
        assert numbers == [f"{epoch}.{n}" for n in range(1, len(numbers) + 1)]


def things_on(kafka: str, name: str, partitions: int) -> list[int]:
    return sorted(record.no for record in on_kafka(kafka, name, partitions))


def settled(database: Database) -> bool:
    return rows(database, "select count(*) from relay_partition where pending_xid is not null") == [(0,)]


def test_what_is_published_because_somebody_asked_is_marked_and_nothing_else(kafka: str, service: Database, topic: MakeTopic) -> None:
    things = topic("things", 1)
    with service.transaction() as cursor:
        write_things(cursor, [1, 2], 1)
    with service.transaction() as cursor:
        write_things(cursor, [3], 1, may_repeat=True)
    with service.transaction() as cursor:
        write_things(cursor, [4], 1)
    with running(lambda: relay(kafka, service, ThingTopic(things, 1))):
        eventually(lambda: len(on_kafka(kafka, things, 1)) == 4)
    assert [(record.no, record.recovering) for record in on_kafka(kafka, things, 1)] == [(1, False), (2, False), (3, True), (4, False)]


def test_publishes_in_order_with_the_envelope_of_the_agreement(kafka: str, service: Database, topic: MakeTopic) -> None:
    things, others = topic("things", 2), topic("others", 1)
    with running(lambda: relay(kafka, service, ThingTopic(things, 2))):
        write(service, range(10), 2)
        write(service, range(10, 20), 2)
        eventually(lambda: len(on_kafka(kafka, things, 2)) == 20)
        eventually(lambda: settled(service))
    found = on_kafka(kafka, things, 2)
    assert [record.no for record in found] == [*range(0, 20, 2), *range(1, 20, 2)]
    assert_gapless(kafka, things, 2)
    headers = found[0].headers
    assert headers["ce_specversion"] == b"1.0"
    assert headers["ce_id"] == f"{things}/0/1.1".encode()
    assert headers["ce_source"] == b"/loyalty/test"
    assert headers["ce_type"] == b"test.thing.happened.v1"
    assert headers["ce_time"] == b"2026-03-01T00:00:00+00:00"
    assert headers["content-type"] == b"application/json"
    assert "ce_recovering" not in headers
    seals = rows(service, "select partition, epoch, first_number, last_number, length(chain) from relay_seal order by partition, first_number")
    assert [(seal[1], seal[4]) for seal in seals] == [(1, 32)] * len(seals)
    assert {seal[3] for seal in seals} >= {10}
    assert others


def test_racing_writers_lose_nothing(kafka: str, service: Database, topic: MakeTopic) -> None:
    """Six writers whose transactions take ids, wait, and commit in another order: polling by id loses rows here."""
    name = topic("things", 3)
    rng = random.Random(1)

    def race(first: int, waits: list[float]) -> None:
        for step, wait in enumerate(waits):
            with service.transaction() as cursor:
                write_things(cursor, [first + step], 3)
                cursor.execute("select pg_sleep(%s)", (wait,))

    writers = [threading.Thread(target=race, args=(writer * 100, [rng.uniform(0, 0.02) for _ in range(100)])) for writer in range(6)]
    with running(lambda: relay(kafka, service, ThingTopic(name, 3))):
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        eventually(lambda: len(on_kafka(kafka, name, 3)) >= 600)
        eventually(lambda: settled(service))
    assert things_on(kafka, name, 3) == list(range(600))
    assert_gapless(kafka, name, 3)


def test_a_crash_before_the_mark_doubles_nothing_and_keeps_the_numbers(kafka: str, service: Database, topic: MakeTopic) -> None:
    name = topic("things", 2)
    with running(lambda: relay(kafka, service, ThingTopic(name, 2))):
        write(service, range(10), 2)
        eventually(lambda: len(on_kafka(kafka, name, 2)) == 10 and settled(service))
    before_the_window = rows(service, "select topic, partition, next_number, bound_xid, chain from relay_partition")
    with running(lambda: relay(kafka, service, ThingTopic(name, 2))):
        write(service, range(10, 20), 2)
        eventually(lambda: len(on_kafka(kafka, name, 2)) == 20 and settled(service))
    # What a relay leaves behind that dies after Kafka has all of its window, and before the database hears of it.
    with service.transaction() as cursor:
        for of_topic, partition, number, bound, chain in before_the_window:
            cursor.execute(
                "update relay_partition set pending_xid = bound_xid, bound_xid = %s, next_number = %s, chain = %s where topic = %s and partition = %s",
                (bound, number, chain, of_topic, partition),
            )
        cursor.execute("delete from relay_seal where first_number > 1")
    write(service, range(20, 30), 2)
    with running(lambda: relay(kafka, service, ThingTopic(name, 2))):
        eventually(lambda: len(on_kafka(kafka, name, 2)) >= 30 and settled(service))
    assert things_on(kafka, name, 2) == list(range(30))
    assert_gapless(kafka, name, 2)
    assert rows(service, "select first_number, last_number from relay_seal order by 1, 2") == [(1, 5), (1, 5), (6, 10), (6, 10), (11, 15), (11, 15)]


def test_a_crash_before_anything_was_sent_publishes_the_window_whole(kafka: str, service: Database, topic: MakeTopic) -> None:
    name = topic("things", 1)
    with running(lambda: relay(kafka, service, ThingTopic(name, 1))):
        write(service, range(5), 1)
        eventually(lambda: len(on_kafka(kafka, name, 1)) == 5 and settled(service))
    write(service, range(5, 10), 1)
    with service.transaction() as cursor:
        cursor.execute("update relay_partition set pending_xid = pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
    write(service, range(10, 15), 1)
    with running(lambda: relay(kafka, service, ThingTopic(name, 1))):
        eventually(lambda: len(on_kafka(kafka, name, 1)) >= 15 and settled(service))
    assert [(record.sequence, record.no) for record in on_kafka(kafka, name, 1)] == [(f"1.{no + 1}", no) for no in range(15)]


def test_only_one_relay_holds_a_partition_and_another_takes_over(kafka: str, service: Database, topic: MakeTopic) -> None:
    name = topic("things", 2)
    with running(lambda: relay(kafka, service, ThingTopic(name, 2))):
        write(service, range(10), 2)
        eventually(lambda: len(on_kafka(kafka, name, 2)) == 10)
        holder = rows(service, "select distinct owner from relay_partition")
        metrics = Metrics(MESSAGING_METRICS)
        with running(lambda: relay(kafka, service, ThingTopic(name, 2), metrics=metrics)):
            write(service, range(10, 20), 2)
            eventually(lambda: len(on_kafka(kafka, name, 2)) == 20)
            assert rows(service, "select distinct owner from relay_partition") == holder
            assert metrics.registry.get_sample_value("loyalty_relay_failures_total", {"cause": "lease-lost"}) is None
    write(service, range(20, 30), 2)
    with running(lambda: relay(kafka, service, ThingTopic(name, 2))):
        eventually(lambda: len(on_kafka(kafka, name, 2)) == 30 and settled(service))
    assert things_on(kafka, name, 2) == list(range(30))
    assert_gapless(kafka, name, 2)


def test_a_relay_that_lost_its_lease_invents_nothing(kafka: str, service: Database, topic: MakeTopic) -> None:
    name = topic("things", 1)
    with running(lambda: relay(kafka, service, ThingTopic(name, 1))) as zombie:
        write(service, range(10), 1)
        eventually(lambda: len(on_kafka(kafka, name, 1)) == 10 and settled(service))
        with service.transaction() as cursor:  # as if it had slept and the lease had run out
            cursor.execute("update relay_partition set owner = 'another', lease_until = clock_timestamp() + interval '1 hour'")
        write(service, range(10, 20), 1)
        eventually(lambda: "LeaseLost" in (zombie.waiting_for or "") or not zombie._held)
        assert len(on_kafka(kafka, name, 1)) == 10
        with service.transaction() as cursor:
            cursor.execute("update relay_partition set lease_until = clock_timestamp()")
        eventually(lambda: len(on_kafka(kafka, name, 1)) == 20)
    assert_gapless(kafka, name, 1)


def test_a_database_set_back_begins_a_new_epoch(kafka: str, service: Database, topic: MakeTopic) -> None:
    name = topic("things", 1)
    with running(lambda: relay(kafka, service, ThingTopic(name, 1))):
        write(service, range(5), 1)
        eventually(lambda: len(on_kafka(kafka, name, 1)) == 5 and settled(service))
        backup = rows(service, "select next_number, bound_xid, chain from relay_partition")[0]
        write(service, range(5, 10), 1)
        eventually(lambda: len(on_kafka(kafka, name, 1)) == 10 and settled(service))
    with service.transaction() as cursor:
        cursor.execute("update relay_partition set next_number = %s, bound_xid = %s, chain = %s, owner = null", backup)
        cursor.execute("delete from outgoing_batch where batch_no > 1")
        cursor.execute("delete from thing where batch_no > 1")
    write(service, range(5, 12), 1)
    with running(lambda: relay(kafka, service, ThingTopic(name, 1))):
        eventually(lambda: len(on_kafka(kafka, name, 1)) >= 17 and settled(service))
    assert [record.sequence for record in on_kafka(kafka, name, 1)] == [*(f"1.{n}" for n in range(1, 11)), *(f"2.{n}" for n in range(1, 8))]


def test_kafka_that_lost_records_stops_the_partition(kafka: str, service: Database, topic: MakeTopic) -> None:
    name = topic("things", 1)
    with running(lambda: relay(kafka, service, ThingTopic(name, 1))):
        write(service, range(5), 1)
        eventually(lambda: len(on_kafka(kafka, name, 1)) == 5 and settled(service))
    with service.transaction() as cursor:
        cursor.execute("update relay_partition set next_number = 9")
    write(service, range(5, 10), 1)
    with running(lambda: relay(kafka, service, ThingTopic(name, 1))) as stopped:
        eventually(lambda: stopped._stopped)
    assert len(on_kafka(kafka, name, 1)) == 5


def test_another_partition_count_is_refused(kafka: str, service: Database, topic: MakeTopic) -> None:
    name = topic("things", 2)
    write(service, range(5), 1)
    with running(lambda: relay(kafka, service, ThingTopic(name, 1))) as stopped:
        eventually(lambda: stopped._stopped)
    assert on_kafka(kafka, name, 2) == []


def test_a_database_from_a_server_with_lower_transaction_ids_stops_loudly(kafka: str, service: Database, topic: MakeTopic) -> None:
    name = topic("things", 1)
    with running(lambda: relay(kafka, service, ThingTopic(name, 1))):
        write(service, range(5), 1)
        eventually(lambda: len(on_kafka(kafka, name, 1)) == 5 and settled(service))
    with service.transaction() as cursor:  # what a dump brings along
        cursor.execute("update relay_partition set bound_xid = bound_xid + 1000000")
    write(service, range(5, 10), 1)
    metrics = Metrics(MESSAGING_METRICS)
    with running(lambda: relay(kafka, service, ThingTopic(name, 1), metrics=metrics)):
        eventually(lambda: metrics.registry.get_sample_value("loyalty_relay_stopped", {"topic": name, "partition": "0"}) == 1)
    assert len(on_kafka(kafka, name, 1)) == 5


def test_dead_letters_are_published_as_they_came_and_cut_when_large(kafka: str, service: Database, topic: MakeTopic) -> None:
    group = topic("group").removeprefix("dlq.")
    make_topics(kafka, [dead_letter_topic(group)])
    sizes = [10, 1_000_000, 4 * 1024 * 1024 - 200, 9_000_000, 20]
    came = (("ce_type", b"a.b.v1"), ("ce_sequence", b"1.7"), ("odd", b"\xff\x00"))
    letters = [
        Rejected(topic="core.x", partition=2, offset=size, key=b"k", headers=came, value=b"x" * size, fault=Fault.INVALID_FIELD, detail="why") for size in sizes
    ]
    stopped = replace(letters[0], fault=Fault.SOURCE_STOPPED)
    wide = replace(letters[0], key=b"k" * 5_000_000, headers=(*came, ("wide", b"x" * 5_000_000), *[("", b"")] * 100_000))
    with service.transaction() as cursor:
        dead_letters.post(cursor, begin_batch(cursor, AT), group, [*letters, stopped, wide], AT)
    with running(lambda: relay(kafka, service, DeadLetterTopic(group))):
        eventually(lambda: rows(service, "select next_number from relay_partition where pending_xid is null") == [(7,)])
    records = raw_on_kafka(kafka, f"dlq.{group}")
    assert [len(record.value or b"") for record in records] == [10, 1_000_000, 0, 0, 20, 0]
    assert [record.key for record in records] == [b"k"] * 5 + [None]
    first, whole, cut, _, _, narrow = (dict(record.headers) for record in records)
    assert first == {
        "ce_type": b"a.b.v1", "dlq-sequence": b"1.7", "odd": b"\xff?",
        "dlq-reason": b"invalid-field", "dlq-detail": b"why", "dlq-topic": b"core.x", "dlq-partition": b"2", "dlq-offset": b"10",
        "dlq-letter-id": b"1-0", "ce_sequence": b"1.1",
    }  # fmt: skip
    assert "dlq-truncated" not in whole
    assert cut["dlq-truncated"].startswith(b"41941")
    assert (cut["odd"], cut["dlq-offset"]) == (b"\xff?", b"4194104")
    assert "wide" not in narrow
    assert rows(service, "select length(value) from dead_letter where record_offset = 9000000") == [(9_000_000,)]
