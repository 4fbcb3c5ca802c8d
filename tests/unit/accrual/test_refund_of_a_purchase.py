"""What a refund or reversal takes back (contracts.md section 5, "Refund of a purchase")."""

from datetime import date
from typing import Any

import pytest

from accrual.domain.decide import local_time
from accrual.domain.reasons import Outcome, Reason
from accrual.domain.refund import decide_waiting
from unit.accrual.builders import ZONE, Books, posted, refunded, reversed_, rule, rule_set

YUAN = {"per_minor": 100, "points": 1}


def books(**changes: Any) -> Books:
    return Books(rule_set(rule(**{"earn": YUAN} | changes)))


def test_a_refund_names_the_earning_it_takes_from_with_its_dates() -> None:
    mine = books(available={"after_days": 3}, expires={"end_of_year": True})
    mine.post(posted(100_000, on="2026-03-01"))
    decision = mine.refund(refunded(25_000, on="2027-01-10"))
    assert (decision.outcome, decision.points, decision.reason) == (Outcome.CLAWED_BACK, -250, None)
    assert decision.transaction_on == date(2027, 1, 10)
    (taken,) = decision.applied
    assert (taken.rule_no, taken.points, taken.available_on, taken.expires_on) == (1, -250, date(2026, 3, 4), date(2026, 12, 31))
    assert (mine.left().remaining_minor, mine.left().points) == (75_000, (750,))


@pytest.mark.parametrize("rounding", ["down", "up", "half_up", "half_even"])
def test_parts_sum_to_the_whole_whatever_the_rounding(rounding: str) -> None:
    mine = books(rounding=rounding)
    points = mine.post(posted(1_050)).points
    taken = [mine.refund(refunded(part)).points for part in (350, 350, 350)]
    assert points + sum(taken) == 0


def test_conditions_and_bands_see_the_amount_that_remains() -> None:
    conditional = books(when={"fact": "transaction.amount_minor", "at_least": 10_000})
    conditional.post(posted(10_000))
    assert conditional.refund(refunded(1)).points == -100
    banded = books(earn={"bands": [{"from_minor": 0, "points": 1}, {"from_minor": 10_000, "points": 50}]})
    banded.post(posted(10_000))
    assert [banded.refund(refunded(part)).points for part in (1, 9_998, 1)] == [-49, 0, -1]


def test_a_refund_never_gives() -> None:
    odd = books(earn={"bands": [{"from_minor": 0, "points": 90}, {"from_minor": 10_000, "points": 50}]})
    odd.post(posted(10_000))
    first, second = odd.refund(refunded(5_000)), odd.refund(refunded(5_000))
    assert (first.outcome, first.points, first.reason) == (Outcome.NOTHING_TO_TAKE, 0, Reason.STILL_EARNED)
    assert second.points == -50


def test_the_room_is_that_of_the_original_moment() -> None:
    mine = books(limits=[{"points": 150, "per": "day", "over": "trim"}])
    assert [mine.post(posted(10_000, transaction_no=number)).points for number in ("T1", "T2", "T3")] == [100, 50, 0]
    assert mine.refund(refunded(4_000, original_transaction_no="T2")).points == 0
    assert mine.refund(refunded(2_000, original_transaction_no="T2")).points == -10
    assert mine.usage.months["2026-03"] == {"base": 140, "base#01": 140}


def test_a_rule_that_only_the_smaller_amount_meets_has_the_room_of_the_original_moment() -> None:
    large = rule("large", earn={"fixed": 50}, when={"fact": "transaction.amount_minor", "at_least": 10_000})
    small = rule("small", earn={"fixed": 10}, when={"fact": "transaction.amount_minor", "below": 10_000}, limits=[{"points": 15, "per": "day", "over": "trim"}])
    mine = Books(rule_set(large, small))
    assert [mine.post(posted(amount, transaction_no=number)).points for number, amount in (("T0", 5_000), ("T1", 10_000))] == [10, 50]
    assert mine.refund(refunded(5_000)).points == -45
    assert mine.left().points == (5,)


def test_what_is_still_worth_as_much_is_not_taken_from() -> None:
    mine = Books(rule_set(rule("fixed", earn={"fixed": 90}, priority=1), rule("by-amount", earn=YUAN, priority=2)))
    mine.post(posted(10_000))
    assert {given.rule_no: given.points for given in mine.refund(refunded(5_000)).applied} == {2: -50}


def test_limits_get_back_what_is_taken_in_the_originals_period_and_decisions_in_between_stand() -> None:
    mine = books(limits=[{"points": 100, "per": "month", "over": "trim"}])
    assert mine.post(posted(10_000, on="2026-03-31")).points == 100
    assert mine.post(posted(10_000, on="2026-03-31", transaction_no="T2")).points == 0
    assert mine.refund(refunded(6_000, on="2026-04-02")).points == -60
    assert mine.left("T2").points == ()
    assert mine.post(posted(10_000, on="2026-03-31", transaction_no="T3")).points == 60
    assert "2026-04" not in mine.usage.months


def test_a_purchase_refunded_in_full_no_longer_counts() -> None:
    mine = books(limits=[{"points": 100, "per": "month", "over": "trim"}])
    mine.post(posted(10_000))
    mine.refund(refunded(10_000))
    assert mine.usage.months == {"2026-03": {}}
    assert mine.usage.changed == {"2026-03"}


def test_each_point_type_has_its_own_rest() -> None:
    mine = Books(
        rule_set(
            rule("a", earn=YUAN),
            rule("b", earn={"bands": [{"from_minor": 9_000, "points": 40}]}, point_type="bonus"),
            rule("c", earn={"bands": [{"from_minor": 0, "points": 30}, {"from_minor": 9_000, "points": 0}]}, point_type="base"),
        )
    )
    assert mine.post(posted(10_000)).points == 140
    decision = mine.refund(refunded(5_000))
    assert {given.rule_no: given.points for given in decision.applied} == {1: -20, 2: -40}
    assert mine.left().points == (80, 0)
    assert {given.rule_no: given.points for given in mine.refund(refunded(5_000)).applied} == {1: -80}


def test_a_multiplier_shrinks_with_what_it_multiplies() -> None:
    mine = Books(rule_set(rule(earn=YUAN), rule("more", earn={"multiply": {"rules": ["base"], "by": "1.5"}}, point_type="bonus")))
    assert mine.post(posted(1_100)).points == 11 + 5
    assert {given.rule_no: given.points for given in mine.refund(refunded(200)).applied} == {1: -2, 2: -1}


@pytest.mark.parametrize(
    ("before", "refund", "reason"),
    [
        ([], refunded(10_001), Reason.REFUND_EXCEEDS_ORIGINAL),
        ([refunded(6_000)], refunded(4_001), Reason.REFUND_EXCEEDS_ORIGINAL),
        ([refunded(10_000)], refunded(1), Reason.NOTHING_LEFT),
        ([refunded(10_000)], reversed_(), Reason.NOTHING_LEFT),
        ([reversed_()], reversed_(), Reason.ALREADY_REVERSED),
        ([reversed_()], refunded(1), Reason.ALREADY_REVERSED),
        ([refunded(10_000), reversed_()], reversed_(), Reason.ALREADY_REVERSED),
        ([], refunded(0), Reason.ZERO_AMOUNT),
        ([], refunded(100, currency="USD"), Reason.OTHER_CURRENCY),
    ],
)
def test_what_takes_nothing_says_why_and_changes_nothing(before: list[Any], refund: Any, reason: Reason) -> None:
    mine = books()
    mine.post(posted(10_000))
    for earlier in before:
        mine.refund(earlier)
    left = mine.left()
    decision = mine.refund(refund)
    assert (decision.outcome, decision.points, decision.reason, decision.applied) == (Outcome.NOTHING_TO_TAKE, 0, reason, ())
    assert (mine.left().remaining_minor, mine.left().points) == (left.remaining_minor, left.points)


def test_a_refund_of_a_purchase_that_earned_nothing_is_recorded_with_its_reason() -> None:
    mine = books()
    mine.post(posted(99))
    decision = mine.refund(refunded(50))
    assert (decision.outcome, decision.reason) == (Outcome.NOTHING_TO_TAKE, Reason.ORIGINAL_EARNED_NOTHING)
    assert mine.left().remaining_minor == 49


def test_a_reversal_undoes_all_that_remains_whatever_its_amount_and_currency() -> None:
    mine = books()
    mine.post(posted(10_000))
    assert mine.refund(refunded(3_000)).points == -30
    assert mine.refund(reversed_(10_000, currency="USD")).points == -70
    assert (mine.left().remaining_minor, mine.left().points, mine.left().reversed) == (0, (0,), True)


def test_points_that_are_all_taken_leave_nothing_to_take_though_an_amount_remains() -> None:
    mine = books(when={"fact": "transaction.amount_minor", "at_least": 10_000})
    mine.post(posted(10_000))
    mine.refund(refunded(1_000))
    assert mine.refund(refunded(1_000)).reason is Reason.NOTHING_LEFT


def test_a_refund_before_its_purchase_waits() -> None:
    refund = refunded(100, on="2026-03-10T23:30:00+00:00")
    decision = decide_waiting(refund, local_time(refund, ZONE))
    assert (decision.outcome, decision.points, decision.reason) == (Outcome.WAITING, 0, Reason.WAITING_FOR_ORIGINAL)
    assert decision.transaction_on == date(2026, 3, 11)
