"""A rebuild: a corrupted mart is mended from the bus by one command, whoever serves it meanwhile."""

import asyncio
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

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
from loyalty_shared.messaging.subscriptions import Subscription
from loyalty_shared.observability.metrics import Metrics
from loyalty_shared.service import TryAgain
from reporting.adapters.mart_queries import read_mart
from reporting.adapters.rebuilding import rebuild
from reporting.application.make_reports import MakeReports
from reporting.entrypoints.events import mart_subscriptions
from reporting.entrypoints.jobs import NotMade, jobs, jobs_of_the_installation
from support.eventually import eventually
from support.mart import MARCH_1, MARCH_2, NOW, Mart, closes_of, entry_of
from support.platform import MakeTopic

ENTRIES = {
    partition: [entry_of(points=10 + partition, rule_code="debit-base", channel="POS") for _ in range(50)]
    + [entry_of("redeemed", -3, counter="redeemed:mall", application="mall")]
    for partition in range(REDEMPTION_LEDGER.partitions)
}
TYPES = {struct: name for name, struct in REDEMPTION_LEDGER.types.items()}
CLOSING = sum(entry.points for entries in ENTRIES.values() for entry in entries)


@dataclass
class Bus:
    """The topics that the mart is made of, and its consumer groups, under names of this test's own: the whole platform may run beside it."""

    kafka: str
    ledger: str
    batches: str

    def subscriptions(self, mart: Mart) -> list[Subscription]:
        """Return what the mart is made of, from these topics."""
        entries, decisions = mart_subscriptions(mart.database, SystemClock())
        return [
            replace(entries, group=f"{self.ledger}.record", topic=replace(entries.topic, name=self.ledger)),
            replace(decisions, group=f"{self.batches}.record", topic=replace(decisions.topic, name=self.batches)),
        ]

    def rebuild(self, mart: Mart) -> bool:
        return rebuild(self.kafka, mart.database, self.subscriptions(mart))


@pytest.fixture
def bus(kafka: str, topic: MakeTopic) -> Bus:
    """Return a bus with a day of the ledger on it: entries, then the close, numbered as its relay does."""
    made = Bus(kafka, topic("ledger", REDEMPTION_LEDGER.partitions), topic("batches", ACCRUAL_BATCHES.partitions))
    closes = closes_of(ENTRIES, MARCH_1)
    asyncio.run(produce(made, {partition: [*entries, closes[partition]] for partition, entries in ENTRIES.items()}))
    return made


async def produce(bus: Bus, events: Mapping[int, Sequence[EntryPostedV1 | DayClosedV1]], first: int = 1) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=bus.kafka)
    await producer.start()
    try:
        for partition, of_one in events.items():
            for number, event in enumerate(of_one, start=first):
                headers = cloud_event_headers(
                    event_id=f"{partition}-{number}".encode(), source=b"/loyalty/redemption", event_type=TYPES[type(event)], at=NOW,
                    sequence=(1, number),
                )  # fmt: skip
                await producer.send(bus.ledger, msgspec.json.encode(event), partition=partition, headers=headers)
    finally:
        await producer.stop()


@contextmanager
def serving(bus: Bus, mart: Mart) -> Iterator[None]:
    """Have the mart's consumers follow in a thread while the block runs, as the service's own do."""
    metrics = Metrics(MESSAGING_METRICS)
    runtime = ConsumerRuntime(bus.kafka, mart.database, bus.subscriptions(mart), metrics, Standing(metrics))
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


def test_a_corrupted_mart_is_found_and_a_rebuild_mends_it_while_it_is_served(bus: Bus, mart: Mart, reader: Reader) -> None:
    with serving(bus, mart):
        eventually(lambda: closing(reader) == CLOSING, 60)
        before = mart.execute("select * from posting_group order by 1, 2, 3, 4, 5, 6, 7")
        mart.execute("update posting_group set points = points + 1000 where partition = 2 and kind = 'earned'")
        assert mart.violations()
        reader.refused("reports/movement?from=2026-03-01", 409, "mart-does-not-tie")
        assert bus.rebuild(mart)
        assert mart.execute("select * from posting_group order by 1, 2, 3, 4, 5, 6, 7") == before
        assert (mart.violations(), closing(reader)) == ({}, CLOSING)
        asyncio.run(produce(bus, {1: [entry_of(points=1, business_on=MARCH_2)]}, first=len(ENTRIES[1]) + 2))
        eventually(lambda: mart.execute("select sum(points) from posting_group") == [(CLOSING + 1,)], 60)
        assert mart.violations() == {}


def test_a_rebuild_needs_nobody_who_serves_and_the_days_reports_wait_for_it(bus: Bus, mart: Mart, reader: Reader) -> None:
    done = {**jobs(MakeReports(lambda: read_mart(mart.database), SystemClock())), **jobs_of_the_installation(lambda: bus.rebuild(mart))}
    with pytest.raises(TryAgain, match="day-not-complete: 2026-03-01"):
        done["make-reports"]("001", MARCH_1)
    for _ in range(2):
        assert done["rebuild"]("001", MARCH_2) == "the mart was made again from the bus"
        assert (mart.violations(), closing(reader)) == ({}, CLOSING)
    assert done["make-reports"]("001", MARCH_1) == "3 reports new or changed for 001 on 2026-03-01"
    mart.execute("update posting_group set points = points + 1 where partition = 0 and kind = 'earned'")
    with pytest.raises(NotMade, match="mart-does-not-tie"):
        done["make-reports"]("001", MARCH_1)
