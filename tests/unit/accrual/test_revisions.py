"""What is posted when an event and its refunds are decided anew: the net difference of each earning, and nothing else."""

from datetime import date

from accrual.domain.decision import Decision, Given
from accrual.domain.reasons import Outcome
from accrual.domain.revision import differences, is_same
from unit.accrual.builders import rule, rule_set

NOW = date(2026, 3, 10)
RULES = rule_set(rule("base"), rule("bonus", point_type="bonus"), rule("dear", cost_bearers=[{"party": "retail", "percent": 100}]))


def decided(*applied: Given) -> Decision:
    return Decision(Outcome.ACCRUED, sum(given.points for given in applied), None, date(2026, 3, 1), 1, applied)


def given(points: int, rule_no: int = 1, available_on: date = date(2026, 3, 2), expires_on: date | None = None, of: int | None = None) -> Given:
    return Given(rule_no, points if of is None else of, points, available_on, expires_on)


def posted(before: list[Decision], after: list[Decision]) -> list[tuple[int, int]]:
    found = differences([(one, RULES) for one in before], [(one, RULES) for one in after], NOW)
    return [(one.rule_no, one.points) for one in found]


def test_more_is_given_and_less_is_taken() -> None:
    assert posted([decided(given(100))], [decided(given(130))]) == [(1, 30)]
    assert posted([decided(given(100))], [decided(given(30))]) == [(1, -70)]
    assert posted([decided(given(100))], [decided(given(100))]) == []


def test_refunds_are_netted_with_their_purchase() -> None:
    assert posted([decided(given(100)), decided(given(-100))], [decided(given(900)), decided(given(-900))]) == []
    assert posted([decided(given(100)), decided(given(-50))], [decided(given(40)), decided(given(-20))]) == [(1, -30)]


def test_points_that_can_be_spent_are_alike_whatever_day_they_became_so() -> None:
    assert posted([decided(given(100))], [decided(given(100, available_on=date(2026, 3, 9)))]) == []
    later = date(2026, 3, 11)
    assert posted([decided(given(100))], [decided(given(100, available_on=later))]) == [(1, -100), (1, 100)]


def test_points_of_another_type_or_expiry_are_others() -> None:
    assert posted([decided(given(100))], [decided(given(100, rule_no=2))]) == [(1, -100), (2, 100)]
    assert posted([decided(given(100))], [decided(given(100, expires_on=date(2030, 1, 1)))]) == [(1, -100), (1, 100)]


def test_what_was_taken_beyond_an_earning_is_none_of_it() -> None:
    found = differences([(decided(given(10)), RULES)], [(decided(given(10)), RULES), (decided(given(-4, of=0)), RULES)], NOW)
    assert [(one.points, one.is_of_its_earning) for one in found] == [(-4, False)]


def test_decisions_are_the_same_by_what_they_came_to_and_saw() -> None:
    one = decided(given(5))
    assert is_same(one, decided(given(5)))
    assert not is_same(one, decided(given(6)))
    assert not is_same(one, Decision(one.outcome, one.points, None, one.transaction_on, 1, one.applied, {1: (3,)}))
