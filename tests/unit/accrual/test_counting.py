"""Counts of events, and points for the n-th."""

from typing import Any

import pytest

from accrual.domain.condition import All, FactTest, Not
from accrual.domain.condition import Any as AnyOf
from accrual.domain.condition_document import read_condition
from accrual.domain.counting import is_count, pruned
from accrual.domain.document_reader import DocumentReader
from accrual.domain.reasons import Outcome, Reason
from accrual.domain.trigger import Trigger
from unit.accrual.builders import Books, customer, posted, refunded, reversed_, rule, rule_set

THIRD: dict[str, Any] = {"earn": {"nth": 3, "of": "month", "fixed": 30}}
POS: dict[str, Any] = {"fact": "transaction.transaction_code", "is": "POS"}
MANY: dict[str, Any] = {"fact": "count.month", "at_least": 3}


def points(books: Books, *dates: str, **changes: Any) -> list[int]:
    return [books.post(posted(on=on, transaction_no=f"T{len(books.originals)}", **changes)).points for on in dates]


def test_the_nth_of_a_month_and_no_other() -> None:
    assert points(Books(rule_set(rule(**THIRD))), *["2026-03-01"] * 4, *["2026-04-01"] * 3) == [0, 0, 30, 0, 0, 0, 30]


def test_a_count_in_conditions_includes_the_event_itself() -> None:
    books = Books(rule_set(rule(when={"all": [POS, MANY]}, earn={"fixed": 1})))
    assert points(books, *["2026-03-01"] * 4) == [0, 0, 1, 1]


def test_only_what_meets_the_other_conditions_counts() -> None:
    books = Books(rule_set(rule(when=POS, **THIRD)))
    assert points(books, *["2026-03-01"] * 2) == [0, 0]
    assert points(books, *["2026-03-01"] * 2, transaction_code="ATM") == [0, 0]
    assert points(books, "2026-03-01", currency="USD") == [0]
    assert books.post(posted(0)).reason is Reason.ZERO_AMOUNT
    assert points(books, "2026-03-01") == [30]


def test_a_blacklisted_customer_counts_nothing() -> None:
    books = Books(rule_set(rule(**THIRD)), customer(status="blacklisted"))
    points(books, *["2026-03-01"] * 3)
    assert books.usage.months == {}


@pytest.mark.parametrize(
    ("of", "dates", "given"),
    [
        ("day", ["2026-03-01", "2026-03-01", "2026-03-02"], [0, 9, 0]),
        ("week", ["2026-03-01", "2026-03-02", "2026-03-08", "2026-03-09"], [0, 0, 9, 0]),  # the 1st is a Sunday
        ("week", ["2026-12-31", "2027-01-03", "2027-01-04"], [0, 9, 0]),
        ("month", ["2026-03-01", "2026-03-31", "2026-04-01"], [0, 9, 0]),
        ("year", ["2026-01-01", "2026-12-31", "2027-01-01"], [0, 9, 0]),
        ("campaign", ["2025-01-01", "2026-12-31", "2027-01-01"], [0, 9, 0]),
        ("rolling_days.7", ["2026-02-26", "2026-03-04", "2026-03-11"], [0, 9, 0]),
        ("rolling_days.7", ["2026-03-04", "2026-02-26", "2026-03-05"], [0, 0, 9]),  # back from its own date
        ("count.rolling_days.1", ["2026-03-01", "2026-03-01", "2026-03-02"], [0, 9, 0]),
    ],
)
def test_periods_are_those_of_the_transaction_date(of: str, dates: list[str], given: list[int]) -> None:
    assert points(Books(rule_set(rule(earn={"nth": 2, "of": of, "fixed": 9}))), *dates) == given


def test_a_purchase_refunded_in_full_no_longer_counts_and_one_refunded_in_part_does() -> None:
    books = Books(rule_set(rule(**THIRD)))
    assert points(books, *["2026-03-01"] * 2) == [0, 0]
    assert books.refund(refunded(4_000, original_transaction_no="T0", on="2026-04-01")).outcome is Outcome.NOTHING_TO_TAKE
    assert books.usage.months == {"2026-03": {"base~": 2, "base~#01": 2}}
    books.refund(refunded(6_000, original_transaction_no="T0", on="2026-04-01"))
    assert books.usage.months == {"2026-03": {"base~": 1, "base~#01": 1}}
    books.refund(reversed_(original_transaction_no="T0"))
    books.refund(reversed_(original_transaction_no="T1"))
    assert books.usage.months == {"2026-03": {}}


def test_the_nth_keeps_its_points_when_an_earlier_one_is_refunded_and_another_becomes_the_nth() -> None:
    books = Books(rule_set(rule(**THIRD)))
    assert points(books, *["2026-03-01"] * 3) == [0, 0, 30]
    books.refund(reversed_(original_transaction_no="T0"))
    assert points(books, "2026-03-01") == [30]
    assert books.refund(refunded(1, original_transaction_no="T2")).points == 0  # it was the third when it was decided
    assert books.refund(reversed_(original_transaction_no="T2")).points == -30


@pytest.mark.parametrize(
    ("when", "left"),
    [
        (MANY, All(())),
        ({"all": [POS, MANY]}, {"all": [POS]}),
        ({"any": [POS, MANY]}, {"any": [POS]}),
        ({"any": [POS, {"all": [MANY]}]}, {"any": [POS]}),
        ({"any": [POS, {"fact": "count.week", "at_least": 1, "at_most": 3}]}, {"any": [POS]}),
        ({"all": [{"not": MANY}]}, All(())),
        ({"all": [{"not": MANY}, {"not": POS}]}, {"all": [{"not": POS}]}),
        ({"any": []}, AnyOf(())),
        ({"all": []}, All(())),
    ],
)
def test_a_count_disappears_from_what_it_stands_in(when: dict[str, Any], left: Any) -> None:
    expected = read(left) if isinstance(left, dict) else left
    assert pruned(read(when), is_count) == expected


def read(when: dict[str, Any]) -> All | AnyOf | Not | FactTest:
    reader = DocumentReader()
    condition = read_condition(when, "when", Trigger.TRANSACTION, reader)
    assert not reader.faults
    return condition
