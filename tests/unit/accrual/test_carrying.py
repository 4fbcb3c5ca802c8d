"""Remainders that a customer keeps, and what refunds take by them (contracts.md section 5)."""

from fractions import Fraction
from typing import Any

import pytest

from accrual.domain.limits import WHOLE
from accrual.domain.reasons import Outcome, Reason
from unit.accrual.builders import Books, posted, refunded, reversed_, rule, rule_set

HUNDREDTHS: dict[str, Any] = {"earn": {"per_minor": 100, "points": 1}, "remainder": "carry"}


def carrying(**changes: Any) -> Books:
    return Books(rule_set(rule(**HUNDREDTHS | changes)))


def remainder(books: Books) -> Fraction:
    kept = books.usage.months.get(WHOLE, {})
    return Fraction(kept.get("base+", 0), kept.get("base/", 1))


def buy(books: Books, *amounts: int) -> list[int]:
    return [books.post(posted(amount, transaction_no=f"T{len(books.originals)}")).points for amount in amounts]


def test_a_thousand_small_purchases_earn_what_one_large_one_does() -> None:
    books = carrying(earn={"per_minor": 2_000, "points": 1})
    assert sum(buy(books, *[777] * 1_000)) == 777_000 // 2_000
    assert remainder(books) == Fraction(777_000, 2_000) % 1


@pytest.mark.parametrize(
    ("earn", "given"),
    [
        ({"per_minor": 300, "points": 1}, [0, 0, 1]),
        ({"bands": [{"from_minor": 0, "points": 2, "per_minor": 300}]}, [0, 1, 1]),
        ({"bands": [{"from_minor": 0, "points": 1, "per_minor": 300}, {"from_minor": 50, "points": 1, "per_minor": 100}], "mode": "marginal"}, [0, 1, 1]),
        ({"fixed": 3}, [3, 3, 3]),
    ],
)
def test_every_form_carries_what_rounding_drops(earn: dict[str, Any], given: list[int]) -> None:
    assert buy(carrying(earn=earn), 100, 100, 100) == given


def test_a_multiplier_carries_too() -> None:
    books = Books(rule_set(rule("one", earn={"fixed": 1}), rule("more", earn={"multiply": {"rules": ["one"], "by": "1.4"}}, remainder="carry")))
    assert buy(books, 1, 1, 1, 1, 1) == [1, 1, 2, 1, 2]


def test_a_refund_takes_whole_points_until_the_remainder_is_not_negative() -> None:
    books = carrying()
    assert buy(books, 150, 140) == [1, 1]
    assert remainder(books) == Fraction(90, 100)
    first = books.refund(refunded(80, original_transaction_no="T0"))
    assert (first.points, first.outcome, first.reason, remainder(books)) == (0, Outcome.NOTHING_TO_TAKE, Reason.TAKEN_FROM_REMAINDER, Fraction(10, 100))
    assert books.refund(refunded(20, original_transaction_no="T0")).points == -1
    assert remainder(books) == Fraction(90, 100)


def test_points_beyond_the_originals_own_are_taken_from_no_earning() -> None:
    books = carrying()
    assert buy(books, 50, 50) == [0, 1]
    decision = books.refund(reversed_(original_transaction_no="T0"))
    assert [(given.given, given.points, given.is_of_its_earning) for given in decision.applied] == [(0, -1, False)]
    assert (decision.points, remainder(books)) == (-1, Fraction(1, 2))
    assert books.refund(reversed_(original_transaction_no="T1")).points == 0
    assert not remainder(books)
    assert sum(books.left("T1").points) == 1  # the point that the first lacked was taken for it


def test_points_that_a_limit_cut_are_taken_first() -> None:
    books = carrying(limits=[{"points": 2, "per": "transaction"}])
    assert buy(books, 550) == [2]
    assert [books.refund(refunded(amount, original_transaction_no="T0")).points for amount in (150, 200, 100, 100)] == [0, 0, -1, -1]
    assert remainder(books) == 0


def test_points_that_the_group_cut_are_taken_first() -> None:
    group: dict[str, Any] = {"stacking": {"group": "g", "policy": "best"}}
    books = Books(rule_set(rule("best", earn={"fixed": 9}, **group), rule(**HUNDREDTHS, **group)))
    assert buy(books, 550) == [9]
    assert remainder(books) == Fraction(1, 2)
    assert books.refund(refunded(500, original_transaction_no="T0")).points == 0
    assert books.refund(refunded(50, original_transaction_no="T0")).points == -9
    assert remainder(books) == 0


def test_limits_get_back_what_is_taken_in_the_originals_period() -> None:
    books = carrying(limits=[{"points": 9, "per": "month"}])
    assert buy(books, 50, 50) == [0, 1]
    books.refund(reversed_(original_transaction_no="T0"))
    assert "base" not in books.usage.months["2026-03"]


def test_conditions_see_the_amount_that_remains() -> None:
    books = carrying(when={"fact": "transaction.amount_minor", "at_least": 200})
    assert buy(books, 250) == [2]
    assert books.refund(refunded(100, original_transaction_no="T0")).points == -2
    assert not remainder(books)
    assert books.refund(refunded(150, original_transaction_no="T0")).reason is Reason.NOTHING_LEFT


def test_versions_of_a_rule_share_the_remainder_and_other_rules_have_their_own() -> None:
    books = Books(rule_set(rule("a", **HUNDREDTHS), rule("b", **HUNDREDTHS)))
    buy(books, 60)
    assert books.usage.months[WHOLE] == {"a+": 3, "a/": 5, "b+": 3, "b/": 5}


def test_a_rule_that_the_group_had_cut_may_be_what_the_remaining_amount_is_worth() -> None:
    group: dict[str, Any] = {"stacking": {"group": "g", "policy": "best"}}
    large = rule("large", earn={"bands": [{"from_minor": 500, "points": 9}]}, **group)
    books = Books(rule_set(large, rule(**HUNDREDTHS, **group)))
    assert buy(books, 550) == [9]
    assert [books.refund(refunded(part, original_transaction_no="T0")).points for part in (200, 300, 50)] == [-6, -3, 0]
    assert not remainder(books)
