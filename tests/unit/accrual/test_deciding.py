"""What a purchase earns: earning forms and rounding, limits, groups, multipliers, and the reason when it earns nothing."""

from datetime import date
from typing import Any

import pytest

from accrual.domain.decision import NOTHING_SEEN, Decision, applied_from, earning_id, stored_applied
from accrual.domain.reasons import Outcome, Reason
from accrual.domain.rule_set import RuleSet, RuleVersion
from accrual.domain.usage import NO_USAGE
from unit.accrual.builders import Books, customer, points_of, posted, rule, rule_set

BANDS = [{"from_minor": 1_000, "points": 5}, {"from_minor": 10_000, "per_minor": 1_000, "points": 2}, {"from_minor": 50_000, "points": 0}]
STEP = {"bands": BANDS, "mode": "step"}
MARGINAL = STEP | {"mode": "marginal"}


@pytest.mark.parametrize(
    ("earn", "amount", "points"),
    [
        ({"per_minor": 2000, "points": 1}, 1999, 0),
        ({"per_minor": 2000, "points": 1}, 2000, 1),
        ({"per_minor": 2000, "points": 3}, 1999, 2),
        ({"fixed": 7}, 1, 7),
        (STEP, 999, 0),
        (STEP, 1_000, 5),
        (STEP, 9_999, 5),
        (STEP, 10_000, 20),
        (STEP, 49_999, 99),
        (STEP, 50_000, 0),
        (MARGINAL, 999, 0),
        (MARGINAL, 1_000, 5),
        (MARGINAL, 10_000, 5),
        (MARGINAL, 10_500, 6),
        (MARGINAL, 50_000, 85),
        (MARGINAL, 90_000, 85),
        ({"per_minor": 1, "points": 1}, 2**53 - 1, 2**53 - 1),
    ],
)
def test_earning_forms(earn: dict[str, Any], amount: int, points: int) -> None:
    assert points_of([rule(earn=earn)], posted(amount)) == points


@pytest.mark.parametrize(
    ("rounding", "expected"),
    [
        ("down", {149: 1, 150: 1, 151: 1, 250: 2, 199: 1, 1: 0}),
        ("half_up", {149: 1, 150: 2, 151: 2, 250: 3, 199: 2, 1: 0}),
        ("half_even", {149: 1, 150: 2, 151: 2, 250: 2, 199: 2, 1: 0}),
        ("up", {149: 2, 150: 2, 151: 2, 250: 3, 199: 2, 1: 1, 100: 1}),
    ],
)
def test_rounding(rounding: str, expected: dict[int, int]) -> None:
    hundred = rule(earn={"per_minor": 100, "points": 1}, rounding=rounding)
    assert {amount: points_of([hundred], posted(amount)) for amount in expected} == expected


def test_marginal_bands_are_rounded_once() -> None:
    thirds = [{"from_minor": 0, "per_minor": 3, "points": 1}, {"from_minor": 1, "per_minor": 3, "points": 1}, {"from_minor": 2, "per_minor": 3, "points": 1}]
    assert points_of([rule(earn={"bands": thirds, "mode": "marginal"})], posted(3)) == 1


@pytest.mark.parametrize(("by", "extra"), [("1.5", 2), ("2", 5), (3, 10), ("1.2", 1), ("1.1999", 0), ("2.999999", 9)])
def test_a_multiplier_gives_the_extra_over_what_the_named_rules_gave(by: Any, extra: int) -> None:
    decision = Books(rule_set(rule(), rule("more", earn={"multiply": {"rules": ["base"], "by": by}}, point_type="bonus"))).post(posted(10_000))
    assert [given.points for given in decision.applied] == ([5, extra] if extra else [5])


def test_a_multiplier_counts_what_limits_and_groups_let_through() -> None:
    capped = rule("capped", limits=[{"points": 3, "per": "transaction", "over": "trim"}])
    loser = rule("loser", stacking={"group": "g", "policy": "first"}, priority=9)
    winner = rule("winner", stacking={"group": "g", "policy": "first"}, priority=1, earn={"fixed": 1})
    more = rule("more", priority=0, earn={"multiply": {"rules": ["capped", "loser", "winner", "absent"], "by": "2"}})
    assert points_of([capped, loser, winner, more], posted(10_000)) == 3 + 1 + 4


def test_a_multiplier_of_a_multiplier_comes_after_it() -> None:
    twice = rule("twice", priority=1, earn={"multiply": {"rules": ["once"], "by": "2"}})
    once = rule("once", priority=2, earn={"multiply": {"rules": ["base"], "by": "2"}})
    assert points_of([twice, once, rule(priority=3)], posted(10_000)) == 15


@pytest.mark.parametrize(
    ("policy", "points", "winners"),
    [("all", 18, [3, 2, 1]), ("first", 3, [3]), ("best", 10, [2])],
)
def test_stacking_in_a_group(policy: str, points: int, winners: list[int]) -> None:
    stacking = {"group": "g", "policy": policy}
    made = [
        rule("a", priority=30, stacking=stacking, earn={"fixed": 5}),
        rule("b", priority=20, stacking=stacking, earn={"fixed": 10}),
        rule("c", priority=10, stacking=stacking, earn={"fixed": 3}),
    ]
    decision = Books(rule_set(*made)).post(posted())
    assert decision.points == points
    assert [given.rule_no for given in decision.applied] == winners


@pytest.mark.parametrize(("leading", "points"), [("all", 111), ("first", 1), ("best", 100)])
def test_in_a_group_whose_policies_differ_the_first_rules_holds(leading: str, points: int) -> None:
    policies = [leading, "first", "best"]
    made = [
        rule(f"r{number}", priority=number, stacking={"group": "g", "policy": policy}, earn={"fixed": 10**number}) for number, policy in enumerate(policies)
    ]
    assert points_of(made, posted()) == points


def test_groups_add_up() -> None:
    made = [rule(f"{group}{number}", stacking={"group": group, "policy": "first"}, earn={"fixed": number}) for group in ("g", "h") for number in (1, 2)]
    assert points_of([*made, rule("alone", earn={"fixed": 100})], posted()) == 1 + 1 + 100


def test_the_first_that_gives_something_has_the_group_even_when_its_limit_is_reached() -> None:
    stacking = {"group": "g", "policy": "first"}
    small = rule("small", priority=1, stacking=stacking, earn={"per_minor": 1_000_000, "points": 1})
    capped = rule("capped", priority=2, stacking=stacking, earn={"fixed": 5}, limits=[{"points": 5, "per": "day", "over": "trim"}])
    last = rule("last", priority=3, stacking=stacking, earn={"fixed": 1})
    books = Books(rule_set(small, capped, last))
    assert [books.post(posted()).points for _ in range(2)] == [5, 0]
    assert books.post(posted()).reason is Reason.CAP_REACHED


def test_the_best_is_the_best_after_limits() -> None:
    stacking = {"group": "g", "policy": "best"}
    high = rule("high", stacking=stacking, earn={"fixed": 50}, limits=[{"points": 52, "per": "day", "over": "trim"}])
    low = rule("low", stacking=stacking, earn={"fixed": 5})
    books = Books(rule_set(high, low))
    assert [books.post(posted()).points for _ in range(3)] == [50, 5, 5]
    assert books.usage.months["2026-03"] == {"high": 50, "high#01": 50}


def test_of_two_equally_good_the_first_by_priority_is_best() -> None:
    made = [rule(code, priority=priority, stacking={"group": "g", "policy": "best"}) for code, priority in (("late", 2), ("early", 1))]
    assert [given.rule_no for given in Books(rule_set(*made)).post(posted()).applied] == [2]


def test_a_lower_limit_of_a_later_version_counts_what_earlier_ones_gave_and_never_takes() -> None:
    first = RuleVersion(rule_no=1, version=1, rule=rule(earn={"fixed": 8}, limits=[{"points": 10, "per": "day"}]))
    second = RuleVersion(rule_no=2, version=2, rule=rule(earn={"fixed": 8}, limits=[{"points": 5, "per": "day"}]))
    books = Books(RuleSet(1, [first]))
    assert books.post(posted()).points == 8
    assert Books(RuleSet(2, [first, second]), usage=books.usage).post(posted()).points == 0


@pytest.mark.parametrize(
    ("limits", "stream", "points"),
    [
        ([{"points": 10, "per": "day", "over": "trim"}], [("2026-03-01", 8), ("2026-03-01", 8), ("2026-03-02", 8), ("2026-03-01", 8)], [8, 2, 8, 0]),
        ([{"points": 10, "per": "day", "over": "reject"}], [("2026-03-01", 8), ("2026-03-01", 8), ("2026-03-01", 2)], [8, 0, 2]),
        ([{"points": 10, "per": "month", "over": "trim"}], [("2026-03-01", 8), ("2026-03-31", 8), ("2026-04-01", 8)], [8, 2, 8]),
        ([{"points": 10, "per": "year", "over": "trim"}], [("2026-01-01", 8), ("2026-12-31", 8), ("2027-01-01", 8)], [8, 2, 8]),
        ([{"points": 10, "per": "rolling_days", "days": 3, "over": "trim"}], [("2026-02-27", 8), ("2026-03-01", 8), ("2026-03-02", 8)], [8, 2, 8]),
        ([{"points": 5, "per": "transaction", "over": "reject"}], [("2026-03-01", 6), ("2026-03-01", 5)], [0, 5]),
        ([{"points": 5, "per": "transaction", "over": "trim"}, {"points": 7, "per": "day", "over": "reject"}], [("2026-03-01", 9), ("2026-03-01", 9)], [5, 0]),
    ],
)
def test_limits(limits: list[dict[str, Any]], stream: list[tuple[str, int]], points: list[int]) -> None:
    books = Books(rule_set(rule(earn={"per_minor": 1, "points": 1}, limits=limits)))
    assert [books.post(posted(amount, on=on)).points for on, amount in stream] == points


@pytest.mark.parametrize(("scope", "points"), [("customer", [8, 2, 0, 0]), ("account", [8, 8, 2, 2]), ("merchant", [8, 2, 8, 2])])
def test_limits_by_scope(scope: str, points: list[int]) -> None:
    books = Books(rule_set(rule(earn={"fixed": 8}, limits=[{"points": 10, "per": "day", "over": "trim", "scope": scope}])))
    where = [("A1", "M1"), ("A2", "M1"), ("A1", None), ("A2", None)]
    assert [books.post(posted(account_no=account, merchant_no=merchant)).points for account, merchant in where] == points


def test_a_limit_by_period_reads_the_months_it_needs() -> None:
    by_day = rule("d", limits=[{"points": 1, "per": "day"}])
    rolling = rule("r", limits=[{"points": 1, "per": "rolling_days", "days": 2}])
    by_year = rule("y", limits=[{"points": 1, "per": "year"}])
    on = date(2026, 3, 1)
    assert rule_set(rule(limits=[{"points": 1, "per": "transaction"}])).months_counted(on) == ()
    assert rule_set(by_day).months_counted(on) == ("2026-03",)
    assert rule_set(by_day, rolling).months_counted(on) == ("2026-02", "2026-03")
    assert len(rule_set(by_year).months_counted(on)) == 12


def test_nothing_is_ever_counted_for_nobody() -> None:
    counted = rule_set(rule(limits=[{"points": 9, "per": "month"}]))
    decision = Books(counted).post(posted())
    with pytest.raises(TypeError):
        NO_USAGE.add(decision, posted(), decision.transaction_on, counted)


def test_usage_says_which_months_changed() -> None:
    books = Books(rule_set(rule(limits=[{"points": 9, "per": "month"}]), rule("free")))
    books.post(posted(2_000, on="2026-03-05"))
    assert books.usage.months == {"2026-03": {"base": 1, "base#05": 1}}
    assert books.usage.changed == {"2026-03"}


@pytest.mark.parametrize(
    ("rules", "event", "facts", "reason"),
    [
        ([], posted(), None, Reason.NO_RULE),
        ([rule(applies={"from": "2026-03-02"})], posted(), None, Reason.NO_RULE),
        ([rule(currency="USD")], posted(), None, Reason.CONDITIONS_NOT_MET),
        ([rule(when={"fact": "transaction.mcc", "is": "5812"})], posted(), None, Reason.CONDITIONS_NOT_MET),
        ([rule(when={"fact": "customer.level", "is": "gold"})], posted(), None, Reason.CONDITIONS_NOT_MET),
        ([rule()], posted(1_999), None, Reason.BELOW_MINIMUM),
        ([rule(limits=[{"points": 1, "per": "transaction", "over": "reject"}])], posted(4_000), None, Reason.CAP_REACHED),
        ([rule(earn={"fixed": 5})], posted(0), None, Reason.ZERO_AMOUNT),
        ([rule()], posted(), customer(status="blacklisted"), Reason.CUSTOMER_BLACKLISTED),
        ([rule(earn={"per_minor": 1, "points": 2})], posted(2**53 - 1), None, Reason.TOO_MANY_POINTS),
        ([rule(), rule("b", earn={"fixed": 2**53 - 1})], posted(), None, Reason.TOO_MANY_POINTS),
    ],
)
def test_why_a_purchase_earns_nothing(rules: Any, event: Any, facts: Any, reason: Reason) -> None:
    decision = Books(rule_set(*rules), facts).post(event)
    assert (decision.outcome, decision.points, decision.reason, decision.applied) == (Outcome.NOT_ACCRUED, 0, reason, ())


def test_a_decision_is_stored_compactly_and_read_back() -> None:
    books = Books(rule_set(rule(limits=[{"points": 7, "per": "day"}, {"points": 9, "per": "month"}], expires={"end_of_year": True})))
    first, second = books.post(posted()), books.post(posted())
    assert stored_applied(first) == '{"a":[[1,5,5,"2026-03-01","2026-12-31"]]}'
    assert stored_applied(second) == '{"a":[[1,5,2,"2026-03-01","2026-12-31"]],"u":{"1":[5,5]}}'
    assert applied_from(stored_applied(second)) == (second.applied, second.used, second.seen)
    nothing = Decision(Outcome.NOT_ACCRUED, 0, Reason.NO_RULE, date(2026, 3, 1), 1)
    assert stored_applied(nothing) is None
    assert applied_from(None) == ((), {}, NOTHING_SEEN)


def test_an_earning_is_named_by_its_purchase_and_rule() -> None:
    assert earning_id("core", "T1", 2, "base") == "core:T1:2:base"
