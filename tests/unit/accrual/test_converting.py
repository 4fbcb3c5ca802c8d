"""Amounts of other currencies at the rates of the transaction date."""

from datetime import date
from typing import Any

import pytest

from accrual.domain.converting import NO_RATES, Rates, RateTable, converted, rates_from
from accrual.domain.reasons import Reason
from unit.accrual.builders import Books, posted, refunded, rule, rule_set

RATES: Rates = {"USD": "7.1234", "JPY": "0.0489", "KWD": "23.1"}


@pytest.mark.parametrize(
    ("amount", "currency", "into", "fen"),
    [
        (10_000, "USD", "CNY", 71_234),
        (10_000, "JPY", "CNY", 48_900),  # the yen has no minor unit
        (1_000, "KWD", "CNY", 2_310),  # the dinar's is a thousandth
        (71_234, "CNY", "USD", 10_000),
        (1, "USD", "JPY", 1),  # 1.456...
        (50, "CNY", "JPY", 10),  # 10.22...
        (10, "JPY", "USD", 7),  # 6.86...
    ],
)
def test_minor_units_of_both_currencies_count(amount: int, currency: str, into: str, fen: int) -> None:
    assert converted(amount, currency, into, RATES) == fen


@pytest.mark.parametrize(("amount", "fen"), [(1, 1), (2, 1), (3, 2), (5, 3)])
def test_half_a_minor_unit_is_rounded_up(amount: int, fen: int) -> None:
    assert converted(amount, "USD", "CNY", {"USD": "0.5"}) == fen


def test_a_dates_rates_are_those_with_the_latest_date_not_after_it() -> None:
    table = RateTable([(date(2026, 3, 5), {"USD": "8"}), (date(2026, 3, 1), {"USD": "7", "JPY": "1"})])
    assert [table.on(date(2026, 3, day)) for day in (1, 4)] == [{"USD": "7", "JPY": "1"}] * 2
    assert [table.on(date(2026, 3, day)) for day in (5, 9)] == [{"USD": "8"}] * 2
    assert table.on(date(2026, 2, 28)) is NO_RATES


@pytest.mark.parametrize("value", [None, [], {"USD": "x"}, {"USD": "0"}, {"USD": True}, {"dollar": "7"}, {"USD": float("nan")}, {"USD": "7", "JPY": None}])
def test_what_states_no_rates(value: Any) -> None:
    assert rates_from(value) is None


def test_the_rule_sees_the_converted_amount_and_its_refund_the_same_rate() -> None:
    books = Books(rule_set(rule(convert=True, earn={"per_minor": 100, "points": 1}, when={"fact": "transaction.amount_minor", "at_least": 7_000})), rates=RATES)
    decision = books.post(posted(1_000, currency="USD"))
    assert (decision.points, decision.seen.rates) == (71, {"USD": "7.1234"})
    books.rates = {"USD": "9"}
    assert books.refund(refunded(10, currency="USD")).points == -1  # 990 cents are 70.52 yuan
    assert books.refund(refunded(10, currency="USD")).points == -70  # 980 are 69.81


def test_an_amount_of_its_own_currency_needs_no_rate() -> None:
    assert Books(rule_set(rule(convert=True))).post(posted(10_000)).points == 5


def test_without_a_rate_the_rule_gives_nothing_and_counts_nothing() -> None:
    books = Books(rule_set(rule(convert=True, earn={"nth": 1, "of": "month", "fixed": 5}, remainder="carry")))
    assert books.post(posted(currency="USD")).reason is Reason.NO_RATE
    assert books.usage.months == {}
    assert Books(rule_set(rule(convert=True, when={"fact": "transaction.mcc", "is": "1"}))).post(posted(currency="USD")).reason is Reason.CONDITIONS_NOT_MET
