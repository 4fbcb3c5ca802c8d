"""Rules within campaigns: dates, target, the limit that a campaign's rules share, and budgets that cut what they give."""

from datetime import date
from typing import Any

import pytest

from accrual.application.budget_book import BudgetBook, BudgetShort, Lease
from accrual.domain.budget_forecast import DAYS_AHEAD_MAX, Forecast, forecast
from accrual.domain.budget_leases import lease_from
from accrual.domain.campaign_document import campaign_from_document
from accrual.domain.decide import local_time
from accrual.domain.decision import Decision, applied_from, stored_applied
from accrual.domain.explain import RuleExplained, explain_posted
from accrual.domain.reasons import Reason, RuleReason
from accrual.domain.rule import Per
from accrual.domain.rule_set import RuleVersion
from loyalty_shared.contracts.core import TransactionPostedV1
from unit.accrual.builders import ZONE, Books, campaign, customer, posted, refunded, reversed_, rule, rule_set

TEN = {"fixed": 10}
IN_SPRING = rule("a", earn=TEN, campaign="spring")


def number(no: int, amount_minor: int = 10_000, on: str = "2026-03-01", **changes: Any) -> TransactionPostedV1:
    return posted(amount_minor, on, transaction_no=f"T{no}", **changes)


def points(books: Books, *events: TransactionPostedV1) -> list[int]:
    return [books.post(event).points for event in events]


def explained(books: Books, event: TransactionPostedV1, decision: Decision) -> dict[str, RuleExplained]:
    return {one.code: one for one in explain_posted(event, local_time(event, ZONE), books.facts, books.rules, decision)}


def test_a_rule_gives_within_its_campaigns_dates_alone() -> None:
    books = Books(rule_set(IN_SPRING, campaigns=[campaign(applies={"from": "2026-03-01", "to": "2026-04-01"})]))
    days = ("2026-02-28", "2026-03-01", "2026-03-31", "2026-04-01")
    assert points(books, *(number(no, on=on) for no, on in enumerate(days))) == [0, 10, 10, 0]


def test_a_stop_holds_from_its_date_on() -> None:
    books = Books(rule_set(IN_SPRING, campaigns=[campaign(stopped_on=date(2026, 3, 2))]))
    assert points(books, number(1), number(2, on="2026-03-02")) == [10, 0]


def test_the_highest_version_decides_even_where_its_campaign_is_closed() -> None:
    versions = [RuleVersion(rule_no=1, version=1, rule=rule("a", earn=TEN)), RuleVersion(rule_no=2, version=2, rule=IN_SPRING)]
    books = Books(rule_set(*versions, campaigns=[campaign(applies={"to": "2026-01-01"})]))
    assert points(books, number(1)) == [0]


@pytest.mark.parametrize(
    ("scope", "event", "facts", "given"),
    [
        ({"channels": ["POS", "WEB"]}, posted(), None, 10),
        ({"channels": ["WEB"]}, posted(), None, 0),
        ({"institutions": ["450100"]}, posted(), None, 10),
        ({"institutions": ["450101"]}, posted(), None, 0),
        ({"target": {"levels": ["gold", "silver"]}}, posted(), customer(level="silver"), 10),
        ({"target": {"levels": ["gold"]}}, posted(), customer(level="silver"), 0),
        ({"target": {"levels": ["gold"]}}, posted(), None, 0),
        ({"target": {"tags": ["x", "y"]}}, posted(), customer(tags=("y",)), 10),
        ({"target": {"tags": ["x"]}}, posted(), customer(tags=("y",)), 0),
        ({"target": {"customers": ["C1", "C2"]}}, posted(), None, 10),
        ({"target": {"customers": ["C2"]}}, posted(), None, 0),
        ({"target": {"customers": ["C1"], "levels": ["gold"]}}, posted(), customer(level="basic"), 0),
        ({"channels": [], "institutions": None, "target": None}, posted(), None, 10),
    ],
)  # fmt: skip
def test_a_campaign_is_for_whom_and_where_it_says(scope: dict[str, Any], event: TransactionPostedV1, facts: Any, given: int) -> None:
    assert points(Books(rule_set(IN_SPRING, campaigns=[campaign(**scope)]), facts), event) == [given]


def test_a_limit_per_campaign_counts_over_all_its_dates_and_a_refund_gives_it_back() -> None:
    limited = rule("a", earn=TEN, campaign="spring", limits=[{"points": 25, "per": "campaign"}])
    books = Books(rule_set(limited, campaigns=[campaign()]))
    assert points(books, number(1, on="2025-12-31"), number(2), number(3), number(4, on="2026-07-01")) == [10, 10, 5, 0]
    assert books.refund(reversed_(original_transaction_no="T1")).points == -10
    assert points(books, number(5, on="2026-08-01")) == [10]
    assert books.usage.months == {"whole": {"a%spring": 25}}


def test_a_limit_per_campaign_may_be_an_accounts() -> None:
    limited = rule("a", earn=TEN, campaign="spring", limits=[{"points": 10, "per": "campaign", "scope": "account"}, {"points": 15, "per": "month"}])
    books = Books(rule_set(limited, campaigns=[campaign()]))
    assert points(books, number(1), number(2), number(3, account_no="A2"), number(4, account_no="A3", on="2026-04-01")) == [10, 0, 5, 10]


def test_the_limit_per_customer_is_shared_by_the_campaigns_rules_within_one_transaction_too() -> None:
    rules = [rule("a", earn=TEN, campaign="spring"), rule("b", earn=TEN, campaign="spring"), rule("c", earn=TEN)]
    books = Books(rule_set(*rules, campaigns=[campaign(per_customer={"points": 25})]))
    decisions = [books.post(number(no)) for no in range(3)]
    assert [decision.points for decision in decisions] == [30, 15, 10]
    assert books.usage.months == {"whole": {"%spring": 25}}
    told = explained(books, number(1), decisions[1])
    assert [(told[code].points, told[code].reason) for code in "abc"] == [(5, RuleReason.TRIMMED), (0, RuleReason.CAP_REACHED), (10, None)]
    assert [(limit.per, limit.used, limit.room) for limit in told["a"].limits] == [(Per.CAMPAIGN, 20, 5)]


def test_a_strict_budget_cuts_to_what_is_left_and_says_so() -> None:
    books = Books(rule_set(IN_SPRING, campaigns=[campaign(budget={"points": 15})]))
    events = [number(no) for no in range(3)]
    decisions = [books.post(event) for event in events]
    assert [decision.points for decision in decisions] == [10, 5, 0]
    assert (decisions[2].reason, decisions[2].seen.rooms) == (Reason.BUDGET_SPENT, {"spring": 0})
    assert [explained(books, event, decision)["a"].reason for event, decision in zip(events, decisions, strict=True)] == [
        None, RuleReason.BUDGET_TRIMMED, RuleReason.BUDGET_SPENT,
    ]  # fmt: skip
    assert applied_from(stored_applied(decisions[1])) == (decisions[1].applied, decisions[1].used, decisions[1].seen)


def test_a_budget_that_is_not_strict_cuts_nothing() -> None:
    books = Books(rule_set(IN_SPRING, campaigns=[campaign(budget={"points": 15, "strict": False})]))
    assert points(books, number(1), number(2)) == [10, 10]


@pytest.mark.parametrize(
    ("budget", "total"),
    [
        ({"points": 100}, 100),
        ({"amount_minor": 100}, 100),
        ({"amount_minor": 100, "cost_per_point": "0.8"}, 125),
        ({"amount_minor": 100, "cost_per_point": "3"}, 33),
        ({"points": 30, "amount_minor": 100, "cost_per_point": "3"}, 30),
        ({"points": 40, "amount_minor": 100, "cost_per_point": "3"}, 33),
    ],
)
def test_a_budget_ends_where_points_or_money_end_first(budget: dict[str, Any], total: int) -> None:
    found = campaign(budget=budget).budget
    assert found is not None
    assert found.total_points == total


def test_what_points_cost_is_rounded_half_up() -> None:
    budget = campaign(budget={"points": 1, "cost_per_point": "0.5"}).budget
    assert budget is not None
    assert [budget.amount_of(given) for given in (0, 1, 2, 3, -3)] == [0, 1, 1, 2, -2]


def test_a_refund_gives_the_budget_back_and_sees_the_room_of_its_purchase() -> None:
    books = Books(rule_set(rule("a", earn={"per_minor": 100, "points": 1}, campaign="spring"), campaigns=[campaign(budget={"points": 130})]))
    assert points(books, number(1), number(2)) == [100, 30]
    assert books.refund(refunded(5_000, original_transaction_no="T2")).points == 0, "50 yuan alone would have met the same 30"
    assert books.refund(refunded(4_000, original_transaction_no="T2", transaction_no="R2")).points == -20
    assert points(books, number(3)) == [20]
    assert books.refund(reversed_(original_transaction_no="T1")).points == -100
    assert points(books, number(4)) == [100]


def test_what_a_refund_leaves_is_worth_no_more_than_the_budget_had_room_for() -> None:
    rules = [rule("a", earn={"per_minor": 100, "points": 1}, campaign="spring"), rule("b", earn={"per_minor": 100, "points": 1})]
    books = Books(rule_set(*rules, campaigns=[campaign(budget={"points": 30})]))
    assert points(books, number(1)) == [130]
    assert books.refund(refunded(5_000)).points == -50, "50 yuan would have met the same 30 of the budget, and 50 of the other rule"


def test_rules_of_one_campaign_share_its_budget_within_one_transaction() -> None:
    rules = [rule(code, earn=TEN, campaign="spring") for code in "abc"]
    assert points(Books(rule_set(*rules, campaigns=[campaign(budget={"points": 25})])), number(1), number(2)) == [25, 0]


def test_what_a_better_rule_of_its_group_takes_the_place_of_is_not_of_the_budget() -> None:
    best = {"stacking": {"group": "g", "policy": "best"}}
    rules = [rule("a", earn=TEN, campaign="spring", priority=1, **best), rule("b", earn={"fixed": 20}, campaign="spring", **best)]
    books = Books(rule_set(*rules, campaigns=[campaign(budget={"points": 25})]))
    assert points(books, number(1), number(2)) == [20, 5]


def test_each_campaign_has_a_budget_of_its_own() -> None:
    rules = [rule("a", earn=TEN, campaign="spring"), rule("b", earn=TEN, campaign="summer"), rule("c", earn=TEN)]
    books = Books(rule_set(*rules, campaigns=[campaign(budget={"points": 5}), campaign("summer", budget={"points": 15})]))
    assert points(books, number(1), number(2), number(3)) == [25, 15, 10]


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ([], ""),
        ({}, "code"),
        ({"code": "a b"}, "code"),
        ({"code": "a", "aplies": {}}, "aplies"),
        ({"code": "a", "applies": {"from": "2026-03-01", "to": "2026-03-01"}}, "applies.to"),
        ({"code": "a", "applies": {"from": "2026-13-01"}}, "applies.from"),
        ({"code": "a", "names": {"fr": "x"}}, "names.fr"),
        ({"code": "a", "target": {"customers": []}}, "target.customers"),
        ({"code": "a", "target": {"customers": ["C1", 2]}}, "target.customers[1]"),
        ({"code": "a", "target": {"levels": "gold"}}, "target.levels"),
        ({"code": "a", "channels": [1]}, "channels[0]"),
        ({"code": "a", "per_customer": {}}, "per_customer.points"),
        ({"code": "a", "per_customer": {"points": 0}}, "per_customer.points"),
        ({"code": "a", "department": ""}, "department"),
        ({"code": "a", "budget": {}}, "budget"),
        ({"code": "a", "budget": {"points": 1.5}}, "budget.points"),
        ({"code": "a", "budget": {"points": 1, "currency": "XXX"}}, "budget.currency"),
        ({"code": "a", "budget": {"points": 1, "strict": 1}}, "budget.strict"),
        ({"code": "a", "budget": {"points": 1, "cost_per_point": 0.8}}, "budget.cost_per_point"),
        ({"code": "a", "budget": {"points": 1, "cost_per_point": "0"}}, "budget.cost_per_point"),
        ({"code": "a", "budget": {"amount_minor": 1, "cost_per_point": "2"}}, "budget.amount_minor"),
    ],
)  # fmt: skip
def test_a_faulty_campaign_is_told_by_path(document: object, path: str) -> None:
    found = campaign_from_document(document)
    assert isinstance(found, tuple)
    assert [fault.path for fault in found] == [path]
    assert all(fault.message for fault in found)


@pytest.mark.parametrize(("pool", "short", "leased"), [(800, 1, 100), (800, 300, 300), (7, 1, 1), (5, 9, 5), (0, 1, 0), (-3, 1, 0)])
def test_leases_shrink_as_the_pool_empties_and_never_take_more_than_it_has(pool: int, short: int, leased: int) -> None:
    assert lease_from(pool, short) == leased


def test_a_batch_gives_from_its_lease_and_asks_for_more_where_that_is_not_the_last() -> None:
    rules = rule_set(IN_SPRING, campaigns=[campaign(budget={"points": 1_000})])
    key = ("001", "spring")
    book = BudgetBook({key: Lease(15, is_last=False)})
    given = Books(rules).post(number(1)).applied
    book.add("001", given, rules)
    book.require_covered()
    assert book.room_of(key) is None
    book.add("001", given, rules)
    with pytest.raises(BudgetShort) as short:
        book.require_covered()
    assert short.value.asked == {key: 20}
    assert BudgetBook({key: Lease(15, is_last=True)}).room_of(key) == 15


@pytest.mark.parametrize(
    ("left", "by_day", "expected"),
    [
        (100, [], Forecast(0, None)),
        (None, [(date(2026, 3, 2), 70)], Forecast(70, None)),
        (0, [(date(2026, 3, 2), 70)], Forecast(70, date(2026, 3, 2))),
        (100, [(date(2026, 3, 1), 10), (date(2026, 3, 2), 30)], Forecast(20, date(2026, 3, 7))),
        (101, [(date(2026, 3, 1), 10), (date(2026, 3, 2), 30)], Forecast(20, date(2026, 3, 8))),
        (100, [(date(2026, 1, 1), 9_999), (date(2026, 3, 2), 70)], Forecast(10, date(2026, 3, 12))),
        (100, [(date(2026, 3, 2), -5)], Forecast(0, None)),
        (DAYS_AHEAD_MAX * 10 + 1, [(date(2026, 3, 2), 10)], Forecast(10, None)),
    ],
)  # fmt: skip
def test_the_forecast_takes_the_pace_of_the_last_seven_dates(left: int | None, by_day: list[tuple[date, int]], expected: Forecast) -> None:
    assert forecast(left, by_day, date(2026, 3, 2)) == expected
