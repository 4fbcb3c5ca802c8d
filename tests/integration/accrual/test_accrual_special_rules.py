"""Rules that count, carry and convert, in the stream and in dry runs."""

import os
from collections.abc import Sequence
from datetime import date, timedelta
from random import Random
from typing import Any, Final

import pytest

from accrual.adapters.parameters import keep_parameter
from accrual.application.evaluate_transaction import EvaluateTransaction
from loyalty_shared.contracts.console import ParameterChangedV1
from loyalty_shared.contracts.core import TransactionPostedV1
from support.accrual_desk import AT, Desk, purchase, refund, reversal
from support.rules import rule

CARRY = rule("carry", {"per_minor": 2000, "points": 1}, remainder="carry")
THIRD = rule("third", {"nth": 3, "of": "month", "fixed": 30})
ABROAD = rule("abroad", {"per_minor": 100, "points": 1}, convert=True)
#: Every feature that a decision remembers something for.
ALL: Final = (
    CARRY,
    THIRD,
    rule("often", {"fixed": 2}, when={"fact": "count.rolling_days.3", "at_least": 4}, limits=[{"points": 10, "per": "month", "over": "trim"}]),
    rule("fifth", {"nth": 5, "of": "count.week", "fixed": 7}, convert=True, limits=[{"points": 7, "per": "year", "over": "reject"}]),
    rule("abroad", {"per_minor": 333, "points": 1}, convert=True, remainder="carry", stacking={"group": "g", "policy": "best"}),
    rule("home", {"per_minor": 500, "points": 1}, stacking={"group": "g", "policy": "best"}, limits=[{"points": 90, "per": "rolling_days", "days": 5}]),
    rule("more", {"multiply": {"rules": ["carry", "home"], "by": "1.3"}}, remainder="carry", point_type="bonus"),
)
DRY_RUNS: Final = 5_000 if os.environ.get("NANZHU_LONG_RUN") == "1" else 120


def state_rates(desk: Desk, effective_on: str, **rates: str) -> None:
    """Hear the console state exchange rates."""
    with desk.database.transaction() as cursor:
        event = ParameterChangedV1(legal_entity="001", name="exchange-rates", value=rates, effective_on=date.fromisoformat(effective_on))
        keep_parameter(cursor, event)


def test_a_remainder_is_carried_over_batches_and_partitions(desk: Desk) -> None:
    desk.approve(CARRY)
    for number in range(4):
        desk.decide(purchase(str(number), 15_00), partition=number)
    assert desk.points("0", "1", "2", "3") == [0, 1, 1, 1]
    assert desk.rows("select month, counters from usage") == [("whole", "{}")]
    assert desk.decision("1")["rules"][0]["remainder"] == {"before": "3/4", "exact": "3/4", "after": "1/2"}


def test_what_an_earning_has_no_points_for_is_taken_from_none(desk: Desk) -> None:
    desk.approve(CARRY)
    first = purchase("1", 10_00)
    desk.decide(first, purchase("2", 10_00))
    desk.decide(reversal("3", first))
    assert desk.points("1", "2", "3") == [0, 1, -1]
    earned, taken = desk.published()
    assert (earned["earning_id"], taken["earning_id"], taken["points"], taken["cause"]["no"]) == ("core:2:1:carry", None, 1, "3")
    assert desk.rows("select counters from usage where month = 'whole'") == [('{"carry+":1,"carry/":2}',)]


def test_a_refund_of_a_remainder_is_matched_when_its_purchase_comes(desk: Desk) -> None:
    desk.approve(CARRY, THIRD)
    bought = purchase("1", 35_00)
    desk.decide(refund("2", bought, 10_00))
    desk.decide(bought)
    assert (desk.points("1", "2"), desk.decision("2")["reason"]) == ([1, 0], "taken-from-remainder")
    desk.decide(refund("3", bought, 25_00))
    assert desk.points("3") == [-1]
    assert desk.rows("select counters from usage") == [("{}",)] * 2


def test_the_third_purchase_of_the_month_over_batches_and_after_a_refund_in_full(desk: Desk) -> None:
    desk.approve(THIRD)
    first = purchase("1")
    desk.decide(first)
    desk.decide(purchase("2"), refund("3", first, 100_00, transaction_at=AT + timedelta(days=40)))
    desk.decide(purchase("4"), partition=1)
    desk.decide(purchase("5"), purchase("6"))
    assert desk.points("1", "2", "4", "5", "6") == [0, 0, 0, 30, 0]
    told = desk.decision("4")["rules"][0]
    assert (told["counts"], desk.decision("5")["rules"][0]["counts"], desk.decision("3")["rules"]) == ({"month": 2}, {"month": 3}, [])
    assert (told["reason"], told["reason_text"]["en"]) == ("rule-not-the-nth", "It is not the event by number that the rule asks for")


def test_other_currencies_are_turned_at_the_rate_of_the_transaction_date_and_refunds_at_the_same(desk: Desk) -> None:
    desk.approve(ABROAD)
    bought = purchase("1", 10_00, currency="USD")
    desk.decide(bought)
    assert (desk.decision("1")["reason"], desk.decision("1")["rules"][0]["reason"]) == ("no-rate", "rule-no-rate")
    state_rates(desk, "2026-01-01", USD="7.1")
    state_rates(desk, "2026-03-01", USD="7.2", JPY="0.05")
    abroad = purchase("2", 10_00, currency="USD")
    desk.decide(abroad, purchase("3", 10_00, currency="USD", at=AT - timedelta(days=1)), purchase("4", 1_000, currency="JPY"))
    state_rates(desk, "2026-03-01", USD="9")
    desk.decide(refund("5", abroad, 5_00), purchase("6", 10_00, currency="USD"), purchase("7", 1_000, currency="JPY"))
    assert desk.decision("2")["rates"] == {"USD": "7.2"}
    assert desk.points("2", "3", "4", "5", "6", "7") == [72, 71, 50, -36, 90, 0]
    assert desk.points("1") == [0]


def test_a_dry_run_is_what_the_stream_then_decides(desk: Desk) -> None:
    """Evaluate each event just before the stream takes it, refunds in between. NANZHU_LONG_RUN=1 for 5,000 events."""
    desk.approve(*ALL)
    state_rates(desk, "2026-01-01", USD="7.1234", JPY="0.0489")
    evaluate, random = EvaluateTransaction(desk.begin), Random(20_260_301)
    bought: list[TransactionPostedV1] = []
    for number in range(DRY_RUNS):
        event = _random_purchase(random, number)
        foreseen = _told(evaluate(event, ()).body)
        desk.decide(event)
        assert _told(desk.decision(event.transaction_no)) == foreseen
        bought.append(event)
        if random.random() < 0.2:
            taken = random.choice(bought)
            desk.decide(refund(f"R{number}", taken, max(1, taken.amount_minor // random.randint(1, 4))))


def _random_purchase(random: Random, number: int) -> TransactionPostedV1:
    amount, currency = random.choice([999, 1_000, 3_333, 20_000, 123_456]), random.choice(["CNY", "CNY", "USD", "JPY", "EUR"])
    at = AT + timedelta(days=random.randint(-40, 0))
    return purchase(f"T{number}", amount, customer_no=f"C{random.randint(1, 5)}", at=at, currency=currency)


def _told(decision: Any) -> tuple[object, Sequence[object]]:
    rules = [{name: str(value) for name, value in _fields(each).items() if name != "version"} for each in decision["rules"]]
    return (decision["outcome"], decision["points"], decision["reason"]), rules


def _fields(told: Any) -> dict[str, Any]:
    return {name: told[name] for name in ("code", "applied", "given", "points", "reason", "available_on", "expires_on")} | {"limits": len(told["limits"])}


@pytest.mark.parametrize("value", [{"USD": "0"}, {"CNY": "1"}, "7.1", {"USD": None}])
def test_what_states_no_rates_changes_nothing(desk: Desk, value: Any) -> None:
    with desk.database.transaction() as cursor:
        keep_parameter(cursor, ParameterChangedV1(legal_entity="001", name="exchange-rates", value=value, effective_on=date(2026, 1, 1)))
    assert desk.rows("select * from exchange_rate") == []
