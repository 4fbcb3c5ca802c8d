"""Accounts' months become decisions once the business date has passed them: each once, in order, from the balances that had come."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest

from accrual.application import decide_month_balances
from accrual.application.decide_month_balances import BalancesComing, DateNotReached, DecideMonthBalances
from accrual.application.show_decisions import ShowDecisions
from accrual.domain.trigger import Trigger
from loyalty_shared.contracts.core import BalanceClosedV1
from support.accrual_desk import AT, Desk, facts
from support.occasion_desk import balance, decide_months, record, set_business_date, shown
from support.rules import rule


def on_balance(code: str = "deposit", **more: Any) -> dict[str, Any]:
    """Return the published example: points per 10,000 yuan of the month's average daily balance, granted on the 15th of the next month."""
    return rule(code, {"per_minor": 1_000_000, "points": 1}, **{"on": "balance", "when": {"all": []}, "available": {"day_of_next_month": 15}} | more)


def month(desk: Desk, account_no: str, of: str) -> dict[str, Any]:
    return shown(desk, Trigger.BALANCE, f"{account_no}:{of}", "core")


def daily(account_no: str, of: str, balance_minor: int, days: int, **more: Any) -> Iterator[BalanceClosedV1]:
    return (balance(account_no, f"{of}-{day:02d}", balance_minor, **more) for day in range(1, days + 1))


def test_a_months_average_earns_once_the_business_date_has_passed_the_month(desk: Desk) -> None:
    desk.approve(on_balance())
    assert record(desk, *daily("A1", "2026-03", 50_000_00 * 10, 31)) == {"recorded": 31}
    set_business_date(desk, "2026-03-31")
    assert decide_months(desk) == {}
    set_business_date(desk, "2026-04-01")
    assert decide_months(desk) == {"accrued": 1}
    [earned] = desk.published()
    assert earned["cause"] == {"kind": "balance", "source_system": "core", "no": "A1:2026-03", "leg": 1}
    assert (earned["points"], earned["transaction_on"], earned["available_on"]) == (50, "2026-03-31", "2026-04-15")
    assert decide_months(desk) == {}


def test_a_days_without_a_balance_count_as_the_day_before_and_none_before_as_nothing(desk: Desk) -> None:
    desk.approve(on_balance())
    record(desk, balance("A1", "2026-01-17", 62_000_000), balance("A1", "2026-02-15", 0), balance("A2", "2026-02-28", 28_000_000, customer_no="C2"))
    assert decide_months(desk) == {"accrued": 3}  # the business date is 2 March: January and February of A1, February of A2
    first, second, other = month(desk, "A1", "2026-01"), month(desk, "A1", "2026-02"), month(desk, "A2", "2026-02")
    assert first["balance"] == {"account_no": "A1", "month": "2026-01", "average_minor": 30_000_000, "total_minor": 15 * 62_000_000, "days": 31}
    assert [one["points"] for one in (first, second, other)] == [30, 31, 1]
    set_business_date(desk, "2026-04-01")
    assert decide_months(desk) == {"untold": 1, "accrued": 1}  # nothing on A1 and nothing came; A2 has what it had
    assert month(desk, "A2", "2026-03")["points"] == 28


def test_months_are_decided_in_order_and_count_against_limits_by_year(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decide_month_balances, "ACCOUNTS_PER_TRANSACTION", 2)
    desk.approve(on_balance(limits=[{"points": 45, "per": "year", "over": "trim"}]))
    record(desk, *(balance(f"A{number}", "2025-11-01", 10_000_000, customer_no="C1") for number in range(3)))
    assert decide_months(desk) == {"accrued": 10, "not-accrued": 2}
    given = [[month(desk, f"A{number}", of)["points"] for number in range(3)] for of in ("2025-11", "2025-12", "2026-01", "2026-02")]
    assert given == [[10, 10, 10], [10, 5, 0], [10, 10, 10], [10, 5, 0]]


def test_each_account_is_decided_alone(desk: Desk) -> None:
    desk.approve(on_balance())
    record(desk, balance("A1", "2026-02-01", 999_999), balance("A2", "2026-02-01", 999_999))
    assert decide_months(desk) == {"not-accrued": 2}
    assert month(desk, "A1", "2026-02")["reason"] == "below-minimum"


def test_balances_repeat_conflict_and_cannot_be_taken(desk: Desk) -> None:
    assert record(desk, balance("A1", "2026-02-01", 1), balance("A1", "2026-02-01", 1)) == {"recorded": 1, "repeated": 1}
    assert record(desk, balance("A1", "2026-02-01", 1), balance("A1", "2026-02-01", 2), balance("A2", "2026-02-01", 2)) == {
        "recorded": 1, "repeated": 1, "conflicting-content": 1,
    }  # fmt: skip
    assert record(desk, balance("A1", "2011-03-01", 1), balance("A1", "2026-02-01", 1, legal_entity="999")) == {"too-old": 1, "unknown-entity": 1}
    assert record(desk, balance("A1", "2026-02-01", 7, legal_entity="002")) == {"recorded": 1}
    assert desk.rows("select legal_entity, account_no, balance_minor from daily_balance order by 1, 2") == [
        ("001", "A1", 1),
        ("001", "A2", 2),
        ("002", "A1", 7),
    ]


def test_a_balance_that_comes_after_its_month_was_decided_changes_nothing(desk: Desk) -> None:
    desk.approve(on_balance())
    record(desk, balance("A1", "2026-01-01", 10_000_000))
    assert decide_months(desk) == {"accrued": 2}
    assert record(desk, balance("A1", "2026-02-01", 90_000_000), balance("A1", "2025-12-01", 5_000_000), balance("A1", "2026-03-01", 20_000_000)) == {
        "late": 2, "recorded": 1,
    }  # fmt: skip
    set_business_date(desk, "2026-04-02")
    assert decide_months(desk) == {"accrued": 1}
    assert [month(desk, "A1", of)["points"] for of in ("2026-01", "2026-02", "2026-03")] == [10, 10, 20]


def test_history_may_come_in_any_order_before_it_is_decided(desk: Desk) -> None:
    desk.approve(on_balance())
    record(desk, balance("A1", "2026-02-01", 30_000_000))
    record(desk, balance("A1", "2026-01-01", 20_000_000), partition=1)
    record(desk, balance("A1", "2026-02-28", 58_000_000), partition=2)
    assert decide_months(desk) == {"accrued": 2}
    assert [month(desk, "A1", of)["points"] for of in ("2026-01", "2026-02")] == [20, 31]


def test_nothing_is_decided_while_balances_are_coming_in(desk: Desk) -> None:
    desk.approve(on_balance())
    record(desk, balance("A1", "2026-02-01", 30_000_000), partition=3)
    with pytest.raises(BalancesComing):
        decide_months(desk, after=timedelta(seconds=2))
    with pytest.raises(DateNotReached):
        DecideMonthBalances(desk.begin, desk.clock)("001", date(2026, 3, 3))
    assert decide_months(desk, "002", after=timedelta(0)) == {}
    assert DecideMonthBalances(desk.begin, desk.clock).list_due() == ["001"]
    assert decide_months(desk) == {"accrued": 1}
    assert DecideMonthBalances(desk.begin, desk.clock).list_due() == []


def test_without_a_rule_in_force_no_row_is_written(desk: Desk) -> None:
    desk.approve(rule("base", {"fixed": 1}), on_balance(applies={"from": "2026-02-01", "to": "2026-02-28"}))
    record(desk, balance("A1", "2026-01-01", 10_000_000))
    assert decide_months(desk) == {"untold": 2}
    assert desk.rows("select count(*) from decision") == [(0,)]
    assert ShowDecisions(desk.begin).find(("001", "core", "A1:2026-01", 1), Trigger.BALANCE) is None


def test_a_month_sees_the_customer_as_of_its_last_day(desk: Desk) -> None:
    gold = {"fact": "customer.level", "is": "gold"}
    desk.approve(on_balance(when=gold))
    desk.announce(facts("C1", AT - timedelta(days=400), level="basic", institution="4501"), facts("C1", AT - timedelta(hours=10), level="gold"))
    record(desk, balance("A1", "2026-01-01", 10_000_000))
    assert decide_months(desk) == {"not-accrued": 1, "accrued": 1}  # the level was raised on the evening of 28 February
    assert (month(desk, "A1", "2026-02")["points"], month(desk, "A1", "2026-01")["reason"]) == (10, "conditions-not-met")
    assert desk.rows("select transaction_no, institution from decision order by 1") == [("A1:2026-01", "4501"), ("A1:2026-02", "001")]


def test_a_remainder_is_carried_from_month_to_month_and_a_currency_converted(desk: Desk) -> None:
    with desk.database.transaction() as cursor:
        cursor.execute("insert into exchange_rate values ('001', '2026-01-01', 1, %s)", ('{"USD": "7"}',))
    desk.approve(on_balance(remainder="carry", convert=True))
    record(desk, balance("A1", "2026-01-01", 100_000, currency="USD"))
    assert decide_months(desk) == {"not-accrued": 1, "accrued": 1}  # 0.7 of a point each month
    assert [month(desk, "A1", of)["points"] for of in ("2026-01", "2026-02")] == [0, 1]


def test_racing_workers_decide_every_month_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decide_month_balances, "ACCOUNTS_PER_TRANSACTION", 7)
    desk.approve(on_balance(limits=[{"points": 1_000, "per": "month", "over": "trim"}]))
    record(desk, *(balance(f"A{number}", "2025-12-01", 10_000_000, customer_no=f"C{number % 5}") for number in range(60)))
    with ThreadPoolExecutor(4) as workers:
        done = [run.result() for run in [workers.submit(decide_months, desk) for _ in range(4)]]
    assert {outcome: sum(one.get(outcome, 0) for one in done) for outcome in ("accrued", "untold")} == {"accrued": 180, "untold": 0}
    assert desk.rows("select count(*), count(distinct transaction_no), sum(points) from decision") == [(180, 180, 1_800)]
    assert desk.rows("select distinct next_on, started from balance_account") == [(date(2026, 3, 1), True)]
    assert desk.rows("select sum((counters::jsonb ->> 'deposit')::int) from usage") == [(1_800,)]
