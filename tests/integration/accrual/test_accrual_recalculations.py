"""Recalculation: decided anew with what is known now, in order of transaction time; only differences are posted, and only once."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest

from accrual.application import run_recalculations
from accrual.application.ask_recalculation import AskRecalculation, CheckRecalculation
from accrual.application.history import Span
from accrual.application.ports import UnitOfWork
from accrual.application.rule_changes import Call
from accrual.application.run_recalculations import RunRecalculations
from accrual.application.show_recalculations import ShowRecalculations
from accrual.domain.trigger import Trigger
from loyalty_shared.contracts.core import TransactionPostedV1, TransactionRefundedV1
from loyalty_shared.kernel.ids import new_id
from loyalty_shared.web.idempotency import Idempotency
from support.accrual_desk import AT, Desk, facts, purchase, refund, reversal
from support.occasion_desk import balance, decide_months, record, shown
from support.rules import rule

MARCH = Span(legal_entity="001", from_on=date(2026, 3, 1), to_on=date(2026, 4, 1))
ALL = Span(legal_entity="001", from_on=date(2026, 1, 1), to_on=date(2026, 12, 1))
BASE = rule("base", {"per_minor": 100, "points": 1})
LIMITED = rule("base", {"per_minor": 100, "points": 1}, limits=[{"points": 150, "per": "day", "over": "trim"}, {"points": 400, "per": "month", "over": "trim"}])
GOLD = rule("base", {"per_minor": 50, "points": 1}, when={"all": [{"fact": "customer.level", "is": "gold"}]}, limits=LIMITED["limits"])


def _call(credential: str) -> Call:
    return Call(idempotency=Idempotency("001", credential, new_id(), b"x"), credential=credential, may_check=True)


def _approved(desk: Desk, span: Span = MARCH, customers: list[str] | None = None) -> str:
    asked = AskRecalculation(desk.begin, desk.clock)(span, "a late correction", customers, _call("maker"))
    recalculation_id = str(asked.body["recalculation_id"])
    answer = CheckRecalculation(desk.begin, desk.clock).approve("001", recalculation_id, _call("checker"))
    assert answer.body == {"recalculation_id": recalculation_id, "status": "running"}, answer
    return recalculation_id


def _run(desk: Desk, span: Span = MARCH, customers: list[str] | None = None) -> dict[str, Any]:
    recalculation_id = _approved(desk, span, customers)
    RunRecalculations(desk.begin, desk.clock)()
    shown = ShowRecalculations(desk.begin).find("001", recalculation_id)
    assert shown is not None
    assert shown["status"] == "done", shown["fault"]
    return shown


def _balances(desk: Desk) -> Counter[tuple[str, str]]:
    """Return what was published by customer and rule."""
    totals: Counter[tuple[str, str]] = Counter()
    for body in desk.published():
        totals[body["customer_no"], body["rule_code"]] += body["points"] if body["type"].endswith("earned.v1") else -body["points"]
    return totals


def _require_tied(desk: Desk) -> None:
    """What was published is what the decisions that stand give, and usage counts it; summaries say the same."""
    standing = desk.rows("select coalesce(sum(points), 0) from decision where superseded_by is null")[0][0]
    assert sum(_balances(desk).values()) == standing
    summed = desk.rows("select coalesce(sum((g ->> 'points')::bigint), 0) from batch_summary cross join jsonb_array_elements(groups::jsonb) as g")[0][0]
    assert summed == standing
    assert desk.rows("select count(*) from (select 1 from business_key group by batch_no, position having count(*) > 1) as twice") == [(0,)]
    orphans = "select count(*) from business_key left join decision using (batch_no, position) where decision.batch_no is null or superseded_by is not null"
    assert desk.rows(orphans) == [(0,)]


def test_only_differences_are_posted_and_the_second_time_nothing(desk: Desk) -> None:
    desk.approve(BASE)
    desk.decide(purchase("1", 100_00), purchase("2", 50_00, customer_no="C2"), purchase("3", 50_00, at=AT - timedelta(days=1)))
    desk.approve(rule("base", {"per_minor": 80, "points": 1}))
    shown = _run(desk)
    assert shown["totals"] == {"events": 2, "changed": 2, "points_given": 25 + 12, "points_taken": 0}
    assert shown["progress"] == {"events": 2, "of": 2, "percent": 100}
    assert desk.points("1", "2", "3") == [125, 62, 50]
    posted, kind = desk.published()[3:], f"recalculation:{shown['recalculation_id']}"
    assert [(body["points"], body["cause"]["kind"], body["cause"]["no"], body["rule_version"]) for body in posted] == [(25, kind, "1", 2), (12, kind, "2", 2)]
    assert posted[0]["earning_id"] == f"core:1:1:base:recalculation:{shown['recalculation_id']}"
    _require_tied(desk)

    rows = desk.rows("select count(*) from decision")
    again = _run(desk)
    assert again["totals"] == {"events": 2, "changed": 0, "points_given": 0, "points_taken": 0}
    assert desk.rows("select count(*) from decision") == rows
    assert len(desk.published()) == 5


def test_less_is_clawed_back_from_its_earning_and_the_earlier_decision_is_shown(desk: Desk) -> None:
    desk.approve(BASE)
    desk.decide(purchase("1", 100_00))
    desk.approve(rule("base", {"per_minor": 200, "points": 1}))
    shown = _run(desk)
    taken = desk.published()[1]
    assert (taken["type"], taken["points"], taken["earning_id"]) == ("loyalty.accrual.points.clawed_back.v1", 50, "core:1:1:base")
    decision = desk.decision("1")
    assert (decision["points"], decision["recalculated_by"], decision["rules"][0]["version"]) == (50, shown["recalculation_id"], 2)
    assert [(one["points"], one["recalculated_by"], one["rules"][0]["version"]) for one in decision["earlier"]] == [(100, None, 1)]


def test_a_correction_of_the_level_and_a_late_event_count_when_asked(desk: Desk) -> None:
    desk.approve(GOLD)
    desk.decide(purchase("1", 100_00, at=AT + timedelta(minutes=5)))
    desk.announce(facts("C1", AT - timedelta(days=9), level="gold"))
    desk.decide(purchase("2", 20_00))
    assert desk.points("1", "2") == [0, 40]
    shown = _run(desk)
    assert desk.points("1", "2") == [110, 40], "the late event came first, and the day has 150"
    assert shown["totals"] == {"events": 2, "changed": 1, "points_given": 110, "points_taken": 0}
    assert desk.rows("select counters::jsonb from usage") == [({"base": 150, "base#01": 150},)]


def test_limits_are_counted_again_beside_what_is_outside_the_range(desk: Desk) -> None:
    desk.approve(LIMITED)
    desk.decide(*(purchase(str(day), 150_00, at=AT + timedelta(days=day)) for day in range(4)))
    assert desk.points("0", "1", "2", "3") == [150, 150, 100, 0]
    desk.approve(rule("base", {"per_minor": 300, "points": 1}, limits=LIMITED["limits"]))
    _run(desk, Span(legal_entity="001", from_on=date(2026, 3, 2), to_on=date(2026, 3, 3)))
    assert desk.points("0", "1", "2", "3") == [150, 50, 100, 0]
    _run(desk, Span(legal_entity="001", from_on=date(2026, 3, 4), to_on=date(2026, 3, 5)))
    assert desk.points("0", "1", "2", "3") == [150, 50, 100, 50]
    assert desk.rows("select counters::jsonb from usage") == [({"base": 350, "base#01": 150, "base#02": 50, "base#03": 100, "base#04": 50},)]
    _require_tied(desk)


def test_refunds_take_again_and_later_ones_take_from_the_new_decision(desk: Desk) -> None:
    desk.approve(BASE)
    bought = purchase("1", 100_00)
    desk.decide(bought, refund("2", bought, 50_00, customer_no="C2", transaction_at=AT + timedelta(days=60)))
    desk.decide(refund("3", bought, 25_00), partition=1)
    desk.approve(rule("base", {"per_minor": 50, "points": 1}))
    shown = _run(desk)
    assert desk.points("1", "2", "3") == [200, -100, -50]
    assert shown["totals"] == {"events": 1, "changed": 1, "points_given": 25, "points_taken": 0}
    assert [body["points"] for body in desk.published()] == [100, 50, 25, 25]
    desk.decide(refund("4", bought, 25_00))
    assert desk.points("4") == [-50]
    assert desk.decide(refund("5", bought, 1)) == {"nothing-to-take": 1}
    assert sum(_balances(desk).values()) == 0
    desk.approve(rule("base", {"per_minor": 10, "points": 1}))
    assert _run(desk)["totals"]["points_given"] == 0, "refunded in full, it comes to nothing whatever the rule gives"
    assert desk.points("1", "2", "3", "4") == [1000, -500, -250, -250]
    _require_tied(desk)


def test_a_refund_that_waits_takes_from_the_new_decision(desk: Desk) -> None:
    desk.approve(BASE)
    bought = purchase("1", 100_00)
    desk.decide(refund("2", bought, 50_00))
    desk.decide(bought)
    assert desk.points("1", "2") == [100, -50]
    desk.approve(rule("base", {"per_minor": 200, "points": 1}))
    _run(desk)
    assert desk.points("1", "2") == [50, -25]
    _require_tied(desk)


def test_points_of_another_kind_are_others(desk: Desk) -> None:
    desk.approve(BASE)
    desk.decide(purchase("1", 100_00))
    desk.approve(rule("base", {"per_minor": 100, "points": 1}, point_type="bonus"))
    assert _run(desk)["totals"] == {"events": 1, "changed": 1, "points_given": 100, "points_taken": 100}
    assert [(body["points"], body["point_type"], body["type"].split(".")[3]) for body in desk.published()] == [
        (100, "base", "earned"), (100, "base", "clawed_back"), (100, "bonus", "earned")
    ]  # fmt: skip


def test_only_the_customers_of_a_list(desk: Desk) -> None:
    desk.approve(BASE)
    desk.decide(*(purchase(str(number), 100_00, customer_no=f"C{number}") for number in range(6)))
    desk.approve(rule("base", {"per_minor": 50, "points": 1}))
    shown = _run(desk, customers=["C4", "C1", "C9"])
    assert desk.points("0", "1", "2", "3", "4", "5") == [100, 200, 100, 100, 200, 100]
    assert shown["progress"] == {"events": 2, "of": 2, "percent": 100}


def test_a_rule_approved_after_the_approval_does_not_decide(desk: Desk) -> None:
    desk.approve(BASE)
    desk.decide(purchase("1", 100_00))
    _approved(desk)
    desk.approve(rule("base", {"per_minor": 10, "points": 1}))
    RunRecalculations(desk.begin, desk.clock)()
    assert desk.points("1") == [100]


@contextmanager
def _dying(desk: Desk, at: int, count: list[int]) -> Iterator[UnitOfWork]:
    with desk.begin() as work:
        count[0] += 1
        yield work
        if count[0] == at:
            raise KeyboardInterrupt  # all was done, and nothing is committed


def test_killed_at_any_point_it_posts_each_difference_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_recalculations, "ROWS_PER_TRANSACTION", 5)
    desk.approve(BASE)
    desk.decide(*(purchase(f"{customer}-{number}", 10_00, customer_no=f"C{customer}") for customer in range(8) for number in range(3)))
    desk.approve(rule("base", {"per_minor": 50, "points": 1}))
    _approved(desk)
    for at in range(1, 5):
        count = [0]
        with pytest.raises(KeyboardInterrupt):
            RunRecalculations(lambda at=at, count=count: _dying(desk, at, count), desk.clock)()  # type: ignore[misc]
    RunRecalculations(desk.begin, desk.clock)()
    assert set(_balances(desk).values()) == {60}
    assert desk.rows("select status, events, changed, points_given from recalculation") == [("done", 24, 24, 240)]
    _require_tied(desk)


def _stream(seed: int) -> list[TransactionPostedV1]:
    rng = Random(seed)
    events: list[TransactionPostedV1] = []
    for number in range(160):
        bought = [one for one in events if not isinstance(one, TransactionRefundedV1)]
        if bought and rng.random() < 0.3:
            of = rng.choice(bought)
            later = AT + timedelta(days=rng.randrange(60))
            taken = refund(f"r{number}", of, rng.randrange(1, of.amount_minor + 1000), customer_no=rng.choice([of.customer_no, "C9"]), transaction_at=later)
            events.append(reversal(f"v{number}", of) if rng.random() < 0.2 else taken)
        else:
            at = AT + timedelta(days=rng.randrange(50), minutes=rng.randrange(600))
            events.append(purchase(f"p{number}", rng.randrange(1, 200_00), customer_no=f"C{rng.randrange(3)}", at=at))
    return events


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_all_of_history_anew_is_the_stream_in_order_of_time(desk: Desk, seed: int) -> None:
    counting = rule("third", {"nth": 3, "of": "count.month", "fixed": 9})
    carrying = rule("carry", {"per_minor": 7000, "points": 1}, remainder="carry")
    events = _stream(seed)
    desk.approve(BASE, counting, carrying)
    for partition in range(8):
        desk.decide(*events[partition * 20 : partition * 20 + 20], partition=partition)
    desk.approve(GOLD)
    desk.announce(*(facts(f"C{number}", AT - timedelta(days=9), level="gold") for number in range(2)))
    _run(desk, ALL)
    _require_tied(desk)
    times: dict[str, Any] = {}
    for order, event in enumerate(events):
        after = times[event.original_transaction_no][0] if isinstance(event, TransactionRefundedV1) else event.transaction_at
        times[event.transaction_no] = (max(event.transaction_at, after), order)
        if isinstance(event, TransactionRefundedV1):
            times[event.original_transaction_no] = (times[event.transaction_no][0], times[event.original_transaction_no][1])
    times |= {event.transaction_no: (event.transaction_at, order) for order, event in enumerate(events) if not isinstance(event, TransactionRefundedV1)}

    really = {event.transaction_no: desk.decision(event.transaction_no)["points"] for event in events}
    counted = desk.rows("select customer_no, month, counters::jsonb from usage where counters <> '{}' order by 1, 2")
    assert _run(desk, ALL)["totals"]["changed"] == 0
    with desk.database.transaction() as cursor:
        cursor.execute("truncate decision, business_key, usage, original_left, waiting_refund, outgoing_batch, batch_summary")
    desk.decide(*sorted(events, key=lambda event: times[event.transaction_no]), partition=9)
    assert {event.transaction_no: desk.decision(event.transaction_no)["points"] for event in events} == really
    assert desk.rows("select customer_no, month, counters::jsonb from usage where counters <> '{}' order by 1, 2") == counted


def test_the_stream_goes_on_meanwhile_and_nothing_is_lost_or_doubled(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_recalculations, "ROWS_PER_TRANSACTION", 10)
    desk.approve(LIMITED)
    bought = [purchase(f"p{number}", 20_00, customer_no=f"C{number % 10}") for number in range(150)]
    desk.decide(*bought)
    desk.approve(rule("base", {"per_minor": 50, "points": 1}, limits=LIMITED["limits"]))
    for span in (MARCH, MARCH):
        _approved(desk, span)

    def stream(partition: int) -> None:
        for first in range(0, 60, 6):
            mine = bought[partition * 60 + first : partition * 60 + first + 6]
            fresh = [purchase(f"n{partition}-{first + number}", 5_00, customer_no=f"C{number}") for number in range(6)]
            desk.decide(*(refund(f"r{one.transaction_no}", one, 10_00) for one in mine), *fresh, partition=partition + 1)

    with ThreadPoolExecutor(4) as workers:
        running = [workers.submit(RunRecalculations(desk.begin, desk.clock)) for _ in range(2)]
        for done in [*[workers.submit(stream, partition) for partition in range(2)], *running]:
            done.result(timeout=120)
    RunRecalculations(desk.begin, desk.clock)()
    assert desk.rows("select distinct status from recalculation") == [("done",)]
    _run(desk)
    assert _run(desk)["totals"]["changed"] == 0
    _require_tied(desk)
    assert desk.rows("select count(*) from decision where superseded_by is null") == [(150 + 120 + 120,)]
    per_day = desk.rows("select customer_no, sum(points)::int from decision where superseded_by is null group by 1 order by 1")
    assert [row[1] for row in per_day] == [150] * 6 + [80] * 4, "of those who bought no more, refunds left 80"
    counted = desk.rows("select customer_no, (counters::jsonb ->> 'base')::int, (counters::jsonb ->> 'base#01')::int from usage order by 1")
    assert counted == [(customer_no, points, points) for customer_no, points in per_day]


def test_a_balance_that_came_after_its_month_was_decided_counts(desk: Desk) -> None:
    desk.approve(rule("deposit", {"per_minor": 1_000_000, "points": 1}, on="balance", when={"all": []}))
    record(desk, balance("A1", "2026-02-01", 10_000_000), balance("A2", "2026-02-01", 20_000_000))
    decide_months(desk)
    record(desk, balance("A1", "2026-02-15", 30_000_000))  # the second half of February: 200,000 yuan on average
    for _ in range(2):
        _run(desk, ALL)
        assert _balances(desk) == {("C1", "deposit"): 40}
        _require_tied(desk)
    assert shown(desk, Trigger.BALANCE, "A1:2026-02", "core")["balance"]["average_minor"] == 20_000_000
