"""Velocity watching: many suspects of a kind by one customer within a day raise an alert, once, and nothing else does."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from aiokafka import AIOKafkaProducer

from integration.reporting.conftest import Reader
from loyalty_shared.contracts.accrual import SuspectNoticedV1
from loyalty_shared.contracts.topics import ACCRUAL_SUSPECTS
from loyalty_shared.kernel.clock import SystemClock
from loyalty_shared.observability.metrics import Metrics
from reporting.adapters import faust_following, suspect_watching
from reporting.adapters.faust_following import FaustFollowing
from reporting.adapters.suspect_watching import ALERTS_KEPT_FOR, SUSPECTS_KEPT_FOR, SuspectWatch
from reporting.domain.alerts import WATCHED, AlertKind
from reporting.metrics import ALERTS, REPORTING_METRICS, SUSPECTS
from support.eventually import eventually
from support.mart import Mart
from support.platform import MakeTopic

NOON = datetime(2026, 3, 1, 4, tzinfo=UTC)  # in Shanghai


def suspect(no: str, *, kind: str = "refund", customer_no: str = "C1", hours: float = 0, events: int = 1, institution: str = "450100") -> bytes:
    return msgspec.json.encode(
        SuspectNoticedV1(
            legal_entity="001", customer_no=customer_no, kind=kind, source_system="core", no=no, leg=1, occurred_at=NOON + timedelta(hours=hours),
            institution=institution, amount_minor=100, currency="CNY", merchant_no=None, terminal_no=None, rule_code=None, events=events,
        )
    )  # fmt: skip


@pytest.fixture
def watch(mart: Mart) -> SuspectWatch:
    return SuspectWatch(mart.database, SystemClock(), Metrics(REPORTING_METRICS))


def raised(mart: Mart) -> list[tuple[str, str, int]]:
    return [(customer_no, kind, events) for customer_no, kind, events in mart.execute("select customer_no, kind, events from alert order by alert_id")]


@pytest.mark.parametrize("kind", list(AlertKind))
def test_as_many_as_are_watched_for_raise_one_alert(mart: Mart, watch: SuspectWatch, kind: AlertKind) -> None:
    least = WATCHED[kind].events_min
    for number in range(least - 1):
        watch.take(suspect(str(number), kind=kind))
    watch.write()
    assert raised(mart) == []
    for _ in range(2):  # the same record twice
        watch.take(suspect("last", kind=kind, hours=1))
        watch.write()
    assert raised(mart) == [("C1", kind, least)]
    watch.take(suspect("one more", kind=kind, hours=2))
    watch.write()
    assert raised(mart) == [("C1", kind, least + 1)]


def test_others_customers_kinds_and_days_are_apart(mart: Mart, watch: SuspectWatch) -> None:
    for number in range(4):
        watch.take(suspect(f"a{number}"))
        watch.take(suspect(f"b{number}", customer_no="C2"))
        watch.take(suspect(f"c{number}", kind="just-over-minimum"))
    watch.take(suspect("next day", hours=24))
    watch.take(suspect("what", kind="unheard-of"))
    watch.take(b"{")
    watch.write()
    assert raised(mart) == []
    watch.take(suspect("within a day", hours=23.9))
    watch.write()
    assert raised(mart) == [], "a window ends with the latest suspect"
    watch.take(suspect("within a day too", customer_no="C2", hours=23.9))
    watch.write()
    assert raised(mart) == [("C2", "refund", 5)]


def test_a_batch_says_how_often_it_met_a_terminal(mart: Mart, watch: SuspectWatch) -> None:
    watch.take(suspect("1", kind="same-terminal", events=6))
    watch.take(suspect("2", kind="same-terminal", events=4))
    watch.write()
    assert raised(mart) == [("C1", "same-terminal", 10)]


def test_staff_see_the_alerts_of_their_institutions(mart: Mart, watch: SuspectWatch, reader: Reader) -> None:
    for number in range(5):
        watch.take(suspect(f"a{number}", hours=number))
        watch.take(suspect(f"b{number}", customer_no="C2", institution="450200"))
    watch.write()
    (first,) = [item for item in reader.get("alerts")["items"] if item["customer_no"] == "C1"]
    assert (first["kind"], first["events"], first["alert_on"], first["institution"]) == ("refund", 5, "2026-03-01", "450100")
    assert (datetime.fromisoformat(first["first_at"]), datetime.fromisoformat(first["last_at"])) == (NOON, NOON + timedelta(hours=4))
    assert first["text"]["zh"] == "24小时内多次退货"
    assert [item["customer_no"] for item in reader.get("alerts", "branch")["items"]] == ["C1"]
    assert [item["customer_no"] for item in reader.get("alerts?customer_no=C2&kind=refund")["items"]] == ["C2"]
    assert reader.get("alerts?kind=same-terminal")["items"] == []
    page = reader.get("alerts?limit=1")
    rest = reader.get(f"alerts?limit=1&cursor={page['next_cursor']}")
    assert {page["items"][0]["customer_no"], rest["items"][0]["customer_no"]} == {"C1", "C2"}
    reader.refused("alerts?kind=theft", 422, "invalid-request")
    assert reader.response("alerts", "channel").status_code == 403


def test_what_is_no_longer_needed_is_forgotten(mart: Mart, watch: SuspectWatch) -> None:
    for number in range(5):
        watch.take(suspect(str(number)))
    watch.write()
    watch.forget()
    assert mart.execute("select (select count(*) from suspect), (select count(*) from alert)") == [(5, 1)]
    mart.execute(f"update suspect set noted_at = now() - interval '{SUSPECTS_KEPT_FOR.total_seconds() + 1} s'")
    mart.execute(f"update alert set raised_at = now() - interval '{ALERTS_KEPT_FOR.total_seconds() + 1} s'")
    watch.forget()
    assert mart.execute("select (select count(*) from suspect), (select count(*) from alert)") == [(0, 0)]


def test_only_so_much_waits_for_the_database_and_alerts_are_counted(mart: Mart, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suspect_watching, "WAITING_MAX", 5)
    metrics = Metrics(REPORTING_METRICS)
    watch = SuspectWatch(mart.database, SystemClock(), metrics)
    for number in range(7):
        watch.take(suspect(str(number)))
    watch.write()
    assert metrics.counter(SUSPECTS).labels(outcome="dropped")._value.get() == 2
    assert metrics.counter(SUSPECTS).labels(outcome="kept")._value.get() == 5
    assert metrics.counter(ALERTS)._value.get() == 1


def test_faust_follows_the_suspects(kafka: str, topic: MakeTopic, mart: Mart, monkeypatch: pytest.MonkeyPatch) -> None:
    name = topic("suspects", ACCRUAL_SUSPECTS.partitions)
    monkeypatch.setattr(suspect_watching, "ACCRUAL_SUSPECTS", replace(ACCRUAL_SUSPECTS, name=name))
    monkeypatch.setattr(faust_following, "GROUP", f"{name}.watching")
    metrics = Metrics(REPORTING_METRICS)

    async def produce() -> None:
        producer = AIOKafkaProducer(bootstrap_servers=kafka)
        await producer.start()
        try:
            for number in range(5):
                await producer.send_and_wait(name, suspect(str(number)))
        finally:
            await producer.stop()

    asyncio.run(produce())
    with FaustFollowing(kafka, [SuspectWatch(mart.database, SystemClock(), metrics)], metrics).running():
        eventually(lambda: raised(mart) == [("C1", "refund", 5)], 60)
