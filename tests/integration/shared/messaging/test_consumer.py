"""The consumer runtime on a real Kafka and PostgreSQL: nothing lost, nothing twice, whatever fails."""

import itertools
import threading

import pytest
from psycopg2.extensions import cursor as Cursor

from integration.shared.messaging.conftest import (
    Happened,
    TakeThings,
    consumer,
    envelope,
    produce,
    rows,
    running,
    taken,
    thing,
    topic_of,
)
from loyalty_shared.messaging.records import Batch
from loyalty_shared.messaging.retrying import retry_dead_letter
from loyalty_shared.messaging.subscriptions import Refusal, Subscription
from loyalty_shared.persistence.connections import Database
from loyalty_shared.persistence.dead_letters import Fault, list_open
from loyalty_shared.persistence.offsets import Fenced
from support.eventually import eventually
from support.platform import MakeTopic

GROUP = "test.take-things"


def subscription(name: str, use_case: TakeThings, **changes: object) -> Subscription:
    return Subscription(**{"group": f"{GROUP}.{name}", "topic": topic_of(name), "use_case": use_case, "sequenced": False} | changes)  # type: ignore[arg-type]


def test_takes_each_record_once_over_a_restart(kafka: str, service: Database, topic: MakeTopic) -> None:
    name = topic(partitions=3)
    produce(kafka, name, [(thing(no), envelope()) for no in range(3_000)], partition=None)
    use_case = TakeThings(service)
    with running(lambda: consumer(kafka, service, subscription(name, use_case, batch_max=500))):
        eventually(lambda: len(taken(service)) == 3_000)
    produce(kafka, name, [(thing(no), envelope()) for no in range(3_000, 3_100)], partition=None)
    with running(lambda: consumer(kafka, service, subscription(name, use_case))):
        eventually(lambda: len(taken(service)) == 3_100)
    assert taken(service) == list(range(3_100))
    assert max(use_case.sizes) <= 500


BAD = {
    "malformed": (b'{"legal_entity": "001", "source_system": "core", "no": 1', envelope(), Fault.MALFORMED_JSON, "truncated"),
    "no value": (None, envelope(), Fault.MALFORMED_JSON, "no value"),
    "missing field": (b'{"legal_entity": "001", "source_system": "core"}', envelope(), Fault.INVALID_FIELD, "`no`"),
    "wrong type": (b'{"legal_entity": "001", "source_system": "core", "no": "one"}', envelope(), Fault.INVALID_FIELD, "$.no"),
    "no type": (thing(1), envelope(type=None), Fault.MISSING_HEADER, "ce_type"),
    "no id": (thing(1), envelope(id=None), Fault.MISSING_HEADER, "ce_id"),
    "no source": (thing(1), envelope(source=None), Fault.MISSING_HEADER, "ce_source"),
    "no specversion": (thing(1), envelope(specversion=None), Fault.MISSING_HEADER, "ce_specversion"),
    "a megabyte": (b'{"legal_entity": "001", "source_system": "core", "no": 1, "x": "' + b"x" * (1 << 20) + b'"}', envelope(), Fault.VALUE_TOO_LARGE, "1048"),
    "NUL": (b'{"legal_entity": "001", "source_system": "co\\u0000re", "no": 1}', envelope(), Fault.INVALID_FIELD, "NUL"),
    "surrogate": (b'{"legal_entity": "001", "source_system": "\\ud800", "no": 1}', envelope(), Fault.MALFORMED_JSON, "surrogate"),
    "not UTF-8": (b'{"legal_entity": "001", "source_system": "\xff", "no": 1}', envelope(), Fault.MALFORMED_JSON, ""),
    "nested": (b"[" * 100_000, envelope(), Fault.INVALID_FIELD, ""),
    "refused": (thing(-1), envelope(), Fault.UNKNOWN_CURRENCY, "no: negative"),
}


def refuse_negative(event: Happened) -> Refusal | None:
    return Refusal(fault=Fault.UNKNOWN_CURRENCY, detail="no: negative") if event.no < 0 else None


def test_sets_bad_records_aside_with_a_reason_and_goes_on(kafka: str, service: Database, topic: MakeTopic) -> None:
    name = topic()
    unknown = (b"whatever", envelope(type=b"test.thing.of_tomorrow.v9"))
    produce(kafka, name, [(thing(1), envelope()), *[(value, headers) for value, headers, _, _ in BAD.values()], unknown, (thing(2), envelope())])
    with running(lambda: consumer(kafka, service, subscription(name, TakeThings(service), validate=refuse_negative))):
        eventually(lambda: taken(service) == [1, 2])
    letters = rows(service, "select fault, detail, legal_entity, source_system, value, headers, record_offset from dead_letter order by record_offset")
    for (case, (value, headers, fault, words)), letter in zip(BAD.items(), letters, strict=True):
        assert letter[0] == fault, case
        assert words in letter[1], case
        assert letter[2] == "001", case  # from the value, or from the key
        assert (None if letter[4] is None else bytes(letter[4])) == value, case
        assert [name for name, _ in letter[5]] == [name for name, _ in headers], case
    assert {letter[3] for letter in letters} == {"core", "/test", "\N{REPLACEMENT CHARACTER}"}


def test_finds_the_record_that_fails_while_its_neighbours_are_taken(kafka: str, service: Database, topic: MakeTopic) -> None:
    name = topic()
    produce(kafka, name, [(thing(no), envelope()) for no in range(200)])

    def fail_on_poison(batch: Batch[Happened], cursor: Cursor) -> None:
        if any(event.no in (77, 140) for event in batch.events):
            raise ZeroDivisionError("a bug on one record")

    with running(lambda: consumer(kafka, service, subscription(name, TakeThings(service, before=fail_on_poison)))):
        eventually(lambda: len(taken(service)) == 198)
        produce(kafka, name, [(thing(200), envelope())])
        eventually(lambda: len(taken(service)) == 199)
    assert taken(service) == [no for no in range(201) if no not in (77, 140)]
    assert rows(service, "select record_offset, fault from dead_letter order by 1") == [(77, "failed-to-process"), (140, "failed-to-process")]
    assert "ZeroDivisionError: a bug on one record" in rows(service, "select detail from dead_letter")[0][0]


def test_a_database_that_lacks_a_table_stops_the_consumer_and_sets_nothing_aside(kafka: str, service: Database, topic: MakeTopic) -> None:
    name = topic()
    produce(kafka, name, [(thing(no), envelope()) for no in range(10)])

    def ask_too_new(batch: Batch[Happened], cursor: Cursor) -> None:
        cursor.execute("select * from table_of_tomorrow")

    with running(lambda: consumer(kafka, service, subscription(name, TakeThings(service, before=ask_too_new)))) as runtime:
        eventually(lambda: "migrate it" in runtime.standing.state_of((f"{GROUP}.{name}", name, 0))[1])
    assert rows(service, "select count(*) from dead_letter") == [(0,)]
    assert rows(service, "select count(*) from consumer_offset") == [(0,)]


def test_a_zombie_is_fenced(kafka: str, service: Database, topic: MakeTopic) -> None:
    """A process sleeps inside its transaction's batch, loses its partition, and wakes when another has gone on."""
    name = topic()
    produce(kafka, name, [(thing(0), envelope())])
    with running(lambda: consumer(kafka, service, subscription(name, TakeThings(service, reader="before")))):
        eventually(lambda: taken(service) == [0])
    produce(kafka, name, [(thing(no), envelope()) for no in range(1, 50)])
    asleep, awake = threading.Event(), threading.Event()
    zombie = TakeThings(service, reader="zombie")
    take = zombie.__call__

    def sleep_before_the_transaction(batch: Batch[Happened]) -> None:
        asleep.set()
        assert awake.wait(60)
        take(batch)

    with running(lambda: consumer(kafka, service, subscription(name, sleep_before_the_transaction))):  # type: ignore[arg-type]
        assert asleep.wait(30)
        with running(lambda: consumer(kafka, service, subscription(name, TakeThings(service, reader="heir")))):
            eventually(lambda: len(taken(service)) == 50, 60)
            awake.set()
    assert taken(service) == list(range(50))
    assert rows(service, "select distinct reader from taken where no > 0") == [("heir",)]


def test_a_rebalance_between_two_processes_loses_and_doubles_nothing(kafka: str, service: Database, topic: MakeTopic) -> None:
    name = topic(partitions=3)
    one, two = TakeThings(service, reader="one"), TakeThings(service, reader="two")
    numbers = itertools.count()

    def produce_more() -> None:
        produce(kafka, name, [(thing(next(numbers)), envelope()) for _ in range(300)], partition=None)

    def both_have_taken() -> bool:
        produce_more()
        return bool(one.sizes and two.sizes)

    with running(lambda: consumer(kafka, service, subscription(name, one, batch_max=50))):
        produce_more()
        with running(lambda: consumer(kafka, service, subscription(name, two, batch_max=50))):
            eventually(both_have_taken)
            produce_more()
        produce_more()
        produced = next(numbers)
        eventually(lambda: len(taken(service)) >= produced)
    assert taken(service) == list(range(produced))


@pytest.mark.parametrize("breakage", ["terminate", "time-out"])
def test_waits_for_a_database_that_turns_it_away(kafka: str, service: Database, topic: MakeTopic, breakage: str) -> None:
    name = topic()
    produce(kafka, name, [(thing(no), envelope()) for no in range(20)])
    left = [3]

    def turn_away(batch: Batch[Happened], cursor: Cursor) -> None:
        if left[0]:
            left[0] -= 1
            if breakage == "terminate":
                cursor.execute("select pg_terminate_backend(pg_backend_pid())")
            cursor.execute("set local statement_timeout = 1")
            cursor.execute("select pg_sleep(60)")

    use_case = TakeThings(service, before=turn_away)
    with running(lambda: consumer(kafka, service, subscription(name, use_case))):
        eventually(lambda: taken(service) == list(range(20)))
    assert use_case.sizes == [20]  # whole, as it was: nobody looked for a record to blame
    assert rows(service, "select count(*) from dead_letter") == [(0,)]


def test_500_bad_records_in_a_row_stop_their_source_alone_until_a_letter_is_retried(kafka: str, service: Database, topic: MakeTopic) -> None:
    name = topic()
    bad = (b'{"legal_entity": "001", "source_system": "branch", "no": null}', envelope())
    good = [(thing(no, source="branch"), envelope()) for no in range(100, 103)]
    mine = subscription(name, TakeThings(service), batch_max=200)
    with running(lambda: consumer(kafka, service, mine)):
        produce(kafka, name, [(thing(1), envelope()), *[bad] * 499, good[0], *[bad] * 499, (thing(2), envelope())])
        eventually(lambda: taken(service) == [1, 2, 100])
    with running(lambda: consumer(kafka, service, mine)):  # the count outlives the process
        produce(kafka, name, [bad, good[1], bad, (thing(3), envelope())])
        eventually(lambda: taken(service) == [1, 2, 3, 100])
        assert rows(service, "select fault, count(*) from dead_letter group by 1 order by 2") == [("source-stopped", 2), ("invalid-field", 999)]
        with service.transaction() as cursor:
            parked = [letter for letter in list_open(cursor, "001", after=(0, 0), limit=2_000) if letter.rejected.fault is Fault.SOURCE_STOPPED]
        assert retry_dead_letter(mine, parked[0]) is None
        with pytest.raises(Fenced):
            retry_dead_letter(mine, parked[0])
        still_bad = retry_dead_letter(mine, parked[1])
        assert still_bad is not None
        assert still_bad.fault is Fault.INVALID_FIELD

        def later_ones_are_taken() -> bool:
            produce(kafka, name, [good[2]])
            return 102 in taken(service)

        eventually(later_ones_are_taken)
    assert 101 in taken(service)
