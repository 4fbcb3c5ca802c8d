"""A rebuild: a corrupted mart is mended from the bus by one command, whoever serves it meanwhile."""

import asyncio
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import msgspec
import pytest
from aiokafka import AIOKafkaProducer

from integration.reporting.conftest import Reader
from loyalty_shared.contracts.redemption import DayClosedV1, EntryPostedV1
from loyalty_shared.contracts.topics import ACCRUAL_BATCHES, REDEMPTION_LEDGER
from loyalty_shared.kernel.clock import SystemClock
from loyalty_shared.messaging.consumer import ConsumerRuntime
from loyalty_shared.messaging.headers import cloud_event_headers
from loyalty_shared.messaging.metrics import MESSAGING_METRICS
from loyalty_shared.messaging.standing import Standing
from loyalty_shared.observability.metrics import Metrics
from loyalty_shared.service import run_command
from nanzhu_local.broker import make_topics
from reporting.adapters.rebuilding import rebuild
from reporting.entrypoints.events import mart_subscriptions
from reporting.main import build
from support.eventually import eventually
from support.mart import MARCH_1, MARCH_2, NOW, Mart, closes_of, entry_of
from support.platform import delete_topics

ENTRIES = {
    partition: [entry_of(points=10 + partition, rule_code="debit-base", channel="POS") for _ in range(50)]
    + [entry_of("redeemed", -3, counter="redeemed:mall", application="mall")]
    for partition in range(REDEMPTION_LEDGER.partitions)
}
TYPES = {struct: name for name, struct in REDEMPTION_LEDGER.types.items()}
CLOSING = sum(entry.points for entries in ENTRIES.values() for entry in entries)


@pytest.fixture
def ledger_topic(kafka: str) -> Iterator[None]:
    """Make the topics that the mart is made of, with a day of the ledger on them: entries, then the close, numbered as its relay does."""
    make_topics(kafka, [REDEMPTION_LEDGER, ACCRUAL_BATCHES])
    closes = closes_of(ENTRIES, MARCH_1)
    asyncio.run(produce(kafka, {partition: [*entries, closes[partition]] for partition, entries in ENTRIES.items()}))
    yield
    asyncio.run(delete_topics(kafka, [REDEMPTION_LEDGER.name, ACCRUAL_BATCHES.name]))


async def produce(kafka: str, events: dict[int, Sequence[EntryPostedV1 | DayClosedV1]], first: int = 1) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=kafka)
    await producer.start()
    try:
        for partition, of_one in events.items():
            for number, event in enumerate(of_one, start=first):
                headers = cloud_event_headers(
                    event_id=f"{partition}-{number}".encode(), source=b"/loyalty/redemption", event_type=TYPES[type(event)], at=NOW,
                    sequence=(1, number),
                )  # fmt: skip
                await producer.send(REDEMPTION_LEDGER.name, msgspec.json.encode(event), partition=partition, headers=headers)
    finally:
        await producer.stop()


@contextmanager
def serving(kafka: str, mart: Mart) -> Iterator[None]:
    """Have the mart's consumers follow in a thread while the block runs, as the service's own do."""
    metrics = Metrics(MESSAGING_METRICS)
    runtime = ConsumerRuntime(kafka, mart.database, mart_subscriptions(mart.database, SystemClock()), metrics, Standing(metrics))
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_until_complete, args=(runtime.run(),))
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(runtime.stop)
        thread.join()
        loop.close()


def closing(reader: Reader) -> int:
    return int(reader.get("reports/movement?from=2026-03-01")["totals"]["closing"])


def test_a_corrupted_mart_is_found_and_a_rebuild_mends_it_while_it_is_served(kafka: str, ledger_topic: None, mart: Mart, reader: Reader) -> None:
    with serving(kafka, mart):
        eventually(lambda: closing(reader) == CLOSING, 60)
        before = mart.execute("select * from posting_group order by 1, 2, 3, 4, 5, 6, 7")
        mart.execute("update posting_group set points = points + 1000 where partition = 2 and kind = 'earned'")
        assert mart.violations()
        reader.refused("reports/movement?from=2026-03-01", 409, "mart-does-not-tie")
        assert rebuild(kafka, mart.database, mart_subscriptions(mart.database, SystemClock()))
        assert mart.execute("select * from posting_group order by 1, 2, 3, 4, 5, 6, 7") == before
        assert (mart.violations(), closing(reader)) == ({}, CLOSING)
        asyncio.run(produce(kafka, {1: [entry_of(points=1, business_on=MARCH_2)]}, first=len(ENTRIES[1]) + 2))
        eventually(lambda: mart.execute("select sum(points) from posting_group") == [(CLOSING + 1,)], 60)
        assert mart.violations() == {}


def test_a_rebuild_needs_nobody_who_serves_and_is_one_command(
    kafka: str, ledger_topic: None, mart: Mart, reader: Reader, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("REPORTING_KAFKA_BOOTSTRAP_SERVERS", kafka)
    for _ in range(2):
        assert run_command("reporting", build, ["job", "rebuild", "--entity", "001", "--on", "2026-03-02"]) == 0
        assert (mart.violations(), closing(reader)) == ({}, CLOSING)
    assert "made again from the bus" in capsys.readouterr().out
    assert run_command("reporting", build, ["job", "make-reports", "--entity", "001", "--on", "2026-03-01"]) == 0
    assert "3 reports new or changed" in capsys.readouterr().out
    assert run_command("reporting", build, ["job", "make-reports", "--entity", "001", "--on", "2026-03-02"]) == 75
