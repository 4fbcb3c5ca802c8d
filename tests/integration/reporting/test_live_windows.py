"""Live windows: what accrual decides is seen within seconds, also after Kafka or the database was away."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest
from aiokafka import AIOKafkaProducer

from integration.reporting.conftest import Reader
from loyalty_shared.contracts.topics import ACCRUAL_BATCHES
from loyalty_shared.kernel.clock import SystemClock
from loyalty_shared.observability.metrics import Metrics
from nanzhu_local.platform import LocalPlatform
from reporting.adapters import faust_following, live_windows
from reporting.adapters.faust_following import FaustFollowing
from reporting.adapters.live_windows import KEPT_FOR, LiveWindows
from reporting.metrics import REPORTING_METRICS, WINDOW_RECORDS
from support.eventually import eventually
from support.mart import Mart
from support.platform import MakeTopic

CLOCK = SystemClock()


def summary(batch_no: int, events: int, *, minutes_ago: int = 0, institution: str = "450100") -> bytes:
    """Return the summary of a batch that accrual decided some minutes ago."""
    group = {
        "legal_entity": "001", "institution": institution, "channel": "POS", "currency": "CNY", "outcome": "accrued", "events": events, "points": 10 * events,
        "amount_minor": 100, "rules": {},
    }  # fmt: skip
    at = CLOCK.now() - timedelta(minutes=minutes_ago)
    return msgspec.json.encode({"batch_no": batch_no, "decided_at": at, "events": events, "groups": [group]})


@pytest.fixture
def windows(mart: Mart) -> LiveWindows:
    """Return windows that nothing is followed for."""
    return LiveWindows(mart.database, CLOCK, Metrics(REPORTING_METRICS))


def test_minutes_add_up_and_a_batch_seen_twice_counts_once(mart: Mart, windows: LiveWindows, reader: Reader) -> None:
    for value in (summary(1, 3), summary(2, 4, minutes_ago=5), summary(2, 4, minutes_ago=5), summary(3, 1, institution="450200"), b"{", b"{}"):
        windows.take(value)
        windows.write()
    items = reader.get("windows?minutes=30")["items"]
    assert sum(item["transactions"] for item in items) == 8
    assert {(item["institution"], item["transactions"], item["points"]) for item in items} == {("450100", 3, 30), ("450100", 4, 40), ("450200", 1, 10)}
    assert sum(item["transactions"] for item in reader.get("windows?minutes=2")["items"]) == 4
    assert {item["institution"] for item in reader.get("windows", "branch")["items"]} == {"450100"}
    assert reader.refused("windows?minutes=61", 422, "invalid-request")["path"] == "query.minutes"


def test_what_is_older_than_an_hour_is_passed_by_and_forgotten(mart: Mart, windows: LiveWindows) -> None:
    windows.take(summary(1, 3, minutes_ago=61))
    windows.take(summary(2, 3))
    windows.write()
    assert mart.execute("select batch_no from live_group") == [(2,)]
    mart.execute(f"update live_group set decided_at = now() - interval '{KEPT_FOR.total_seconds() + 1} s'")
    windows.forget()
    assert mart.execute("select count(*) from live_group") == [(0,)]


def test_only_so_much_waits_for_the_database(mart: Mart, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_windows, "WAITING_MAX", 2)
    metrics = Metrics(REPORTING_METRICS)
    windows = LiveWindows(mart.database, CLOCK, metrics)
    for number in range(5):
        windows.take(summary(number, 1))
    windows.write()
    assert mart.execute("select batch_no from live_group order by 1") == [(3,), (4,)]
    assert metrics.counter(WINDOW_RECORDS).labels(outcome="dropped")._value.get() == 3


@pytest.fixture
def batches_topic(topic: MakeTopic, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return a topic of batches of the test's own, which windows then follow in a group of its own."""
    name = topic("batches", ACCRUAL_BATCHES.partitions)
    monkeypatch.setattr(live_windows, "ACCRUAL_BATCHES", replace(ACCRUAL_BATCHES, name=name))
    monkeypatch.setattr(faust_following, "GROUP", f"{name}.windows")
    return name


async def produce(kafka: str, topic: str, *values: bytes) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=kafka)
    await producer.start()
    try:
        for value in values:
            await producer.send_and_wait(topic, value)
    finally:
        await producer.stop()


def following(kafka: str, mart: Mart) -> FaustFollowing:
    metrics = Metrics(REPORTING_METRICS)
    return FaustFollowing(kafka, [LiveWindows(mart.database, CLOCK, metrics)], metrics)


def test_faust_follows_from_the_beginning_and_again_after_kafka_was_away(
    infrastructure: LocalPlatform, kafka: str, batches_topic: str, mart: Mart, monkeypatch: pytest.MonkeyPatch
) -> None:
    def seen() -> int:
        return int(mart.execute("select coalesce(sum(events), 0) from live_group")[0][0])

    monkeypatch.setattr(faust_following, "PAUSE_SECONDS", 0.2)
    asyncio.run(produce(kafka, batches_topic, summary(1, 3), summary(2, 4)))
    with following(kafka, mart).running():
        eventually(lambda: seen() == 7, 60)
        infrastructure.stop("kafka")
        infrastructure.start("kafka")
        asyncio.run(produce(kafka, batches_topic, summary(3, 5)))
        eventually(lambda: seen() == 12, 90)
    with following(kafka, mart).running():
        asyncio.run(produce(kafka, batches_topic, summary(4, 1)))
        eventually(lambda: seen() == 13, 60)
