"""The worked examples that real banks publish, as far as the engine decides them. Copied from vectors.json: the tests need no file beside the project."""

from datetime import date
from typing import Any

import pytest

from unit.accrual.builders import Books, document, posted, refunded, rule, rule_set

DEBIT: dict[str, Any] = {
    "when": {"fact": "transaction.card_type", "is": "debit"},
    "earn": {"per_minor": 2000, "points": 1},
    "limits": [{"points": 200, "per": "transaction", "over": "trim"}, {"points": 2000, "per": "day", "over": "trim"}],
    "available": {"after_days": 1},
    "expires": {"calendar_years": 5},
}
CREDIT: dict[str, Any] = {"when": {"fact": "transaction.card_type", "is": "credit"}, "earn": {"per_minor": 1000, "points": 1}, "available": {"after_days": 2}}


@pytest.mark.parametrize(("amount_minor", "points"), [(1999, 0), (2000, 1), (399_900, 199), (400_000, 200), (900_000, 200)])
def test_debit_card_twenty_yuan_a_point_at_most_200_a_transaction(amount_minor: int, points: int) -> None:
    assert Books(rule_set(rule(**DEBIT))).post(posted(amount_minor)).points == points


def test_debit_card_at_most_2000_a_customer_a_day() -> None:
    books = Books(rule_set(rule(**DEBIT)))
    assert [books.post(posted(400_000, transaction_no=f"T{number}")).points for number in range(11)] == [200] * 10 + [0]
    assert books.post(posted(400_000, on="2026-03-02", transaction_no="next day")).points == 200


@pytest.mark.parametrize(("card", "available_on", "points"), [("credit", date(2026, 3, 3), 100), ("debit", date(2026, 3, 2), 50)])
def test_credit_card_on_the_third_day_debit_card_on_the_next(card: str, available_on: date, points: int) -> None:
    decision = Books(rule_set(rule("debit", **DEBIT), rule("credit", **CREDIT))).post(posted(100_000, card_type=card))
    assert [(given.points, given.available_on) for given in decision.applied] == [(points, available_on)]


def test_fund_trade_amount_300_points_per_10000_yuan() -> None:
    assert Books(rule_set(rule(earn={"per_minor": 1_000_000, "points": 300}))).post(posted(2_000_000)).points == 600


@pytest.mark.parametrize(("earned_on", "expires_on"), [("2017-12-31", date(2021, 12, 31)), ("2018-01-01", date(2022, 12, 31))])
def test_valid_for_five_calendar_years_the_year_of_earning_included(earned_on: str, expires_on: date) -> None:
    assert Books(rule_set(rule(**DEBIT))).post(posted(on=earned_on)).applied[0].expires_on == expires_on


@pytest.mark.parametrize(("earned_on", "expires_on"), [("2026-02-01", date(2026, 12, 31)), ("2026-12-31", date(2026, 12, 31))])
def test_all_points_are_wiped_on_31_december(earned_on: str, expires_on: date) -> None:
    assert Books(rule_set(rule(expires={"end_of_year": True}))).post(posted(on=earned_on)).applied[0].expires_on == expires_on


ONE_YUAN_A_POINT: dict[str, Any] = {"earn": {"per_minor": 100, "points": 1}}


@pytest.mark.parametrize(("purchase", "refunds", "left"), [(100_000, [25_000], 750), (100_000, [33_333, 33_333, 33_334], 0), (40_000, [10_000], 300)])
def test_a_refund_takes_back_the_points_of_the_refunded_part(purchase: int, refunds: list[int], left: int) -> None:
    books = Books(rule_set(rule(**ONE_YUAN_A_POINT)))
    points = books.post(posted(purchase)).points
    points += sum(books.refund(refunded(amount, transaction_no=f"R{number}")).points for number, amount in enumerate(refunds))
    assert points == left == sum(books.left().points)


@pytest.mark.parametrize(("transaction_on", "applies"), [("2026-05-31", False), ("2026-06-01", True), ("2026-06-30", True), ("2026-07-01", False)])
def test_a_promotion_applies_by_transaction_date_both_ends_included(transaction_on: str, applies: bool) -> None:
    june = rule(applies={"from": "2026-06-01", "to": "2026-07-01"})
    assert (Books(rule_set(june)).post(posted(on=transaction_on, posted_on=date(2026, 7, 2))).points > 0) is applies


@pytest.mark.parametrize(("refund", "left"), [(450_000, 200), (700_000, 100)])
def test_what_a_cap_cut_off_is_never_taken_back(refund: int, left: int) -> None:
    books = Books(rule_set(rule(limits=[{"points": 200, "per": "transaction", "over": "trim"}])))
    assert books.post(posted(900_000)).points == 200
    assert 200 + books.refund(refunded(refund)).points == left


def test_the_documents_example_fits() -> None:
    full = document(
        "debit-base",
        names={"zh": "借记卡消费积分", "en": "Debit card spending"},
        applies={"from": "2026-01-01", "to": None},
        when={
            "all": [
                {"fact": "transaction.transaction_code", "in": ["POS"]},
                {"fact": "transaction.card_type", "is": "debit"},
                {"not": {"fact": "transaction.mcc", "in": ["8062", "8211"]}},
                {"fact": "transaction.amount_minor", "at_least": 2000},
            ]
        },
        currency="CNY",
        rounding="down",
        remainder="drop",
        priority=100,
        stacking={"group": "card-base", "policy": "first"},
        limits=DEBIT["limits"],
        available={"after_days": 1},
        expires={"calendar_years": 5},
        cost_bearers=[{"party": "retail", "percent": 100}],
        campaign=None,
    )
    example = rule(full.pop("code"), **full)
    books = Books(rule_set(example))
    assert books.post(posted(123_456)).points == 61
    assert books.post(posted(123_456, mcc="8062")).points == 0
    assert example.expiry_policy == "calendar_years:5"
