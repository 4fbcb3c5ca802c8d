"""Why a purchase earned what it did, rule by rule, from what is stored of the decision."""

from datetime import date
from typing import Any

import pytest

from accrual.domain.decide import local_time
from accrual.domain.explain import RuleExplained, explain_posted, explain_refunded
from accrual.domain.reasons import RuleReason
from accrual.domain.rule import Rule
from unit.accrual.builders import ZONE, Books, customer, posted, refunded, rule, rule_set

GROUP: dict[str, Any] = {"stacking": {"group": "g", "policy": "first"}}


def explained(rules: list[Rule], events: list[Any], facts: Any = None) -> dict[str, RuleExplained]:
    """Return by code why the last of some purchases earned what it did."""
    books = Books(rule_set(*rules), facts)
    decision = [books.post(event) for event in events][-1]
    found = explain_posted(events[-1], local_time(events[-1], ZONE), facts, books.rules, decision)
    assert sum(each.points for each in found) == decision.points
    return {each.code: each for each in found}


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (rule("x", currency="USD"), RuleReason.OTHER_CURRENCY),
        (rule("x", when={"fact": "transaction.mcc", "is": "1"}), RuleReason.CONDITIONS_NOT_MET),
        (rule("x", when={"fact": "customer.level", "is": "gold"}), RuleReason.CONDITIONS_NOT_MET),
        (rule("x", earn={"per_minor": 1_000_000, "points": 1}), RuleReason.BELOW_MINIMUM),
        (rule("x", priority=200, **GROUP), RuleReason.OTHER_RULE_OF_GROUP),
        (rule("x", limits=[{"points": 1, "per": "transaction", "over": "reject"}]), RuleReason.CAP_REACHED),
        (rule("x", earn={"multiply": {"rules": ["nobody"], "by": "2"}}), RuleReason.NOTHING_TO_MULTIPLY),
    ],
)
def test_why_a_rule_gave_nothing(other: Rule, reason: RuleReason) -> None:
    found = explained([rule(**GROUP), other], [posted()])
    assert (found["base"].applied, found["base"].points, found["base"].reason) == (True, 5, None)
    assert (found["x"].applied, found["x"].points, found["x"].reason) == (False, 0, reason)


@pytest.mark.parametrize(
    ("event", "facts", "reason"),
    [
        (posted(0), None, RuleReason.NOT_CONSIDERED),
        (posted(), customer(status="blacklisted"), RuleReason.NOT_CONSIDERED),
        (posted(2**53 - 1), None, RuleReason.TOO_MANY_POINTS),
    ],
)
def test_a_purchase_that_earns_nothing_as_a_whole(event: Any, facts: Any, reason: RuleReason) -> None:
    assert explained([rule(earn={"per_minor": 1, "points": 9})], [event], facts)["base"].reason is reason


def test_each_limit_says_what_it_had_used_and_let_through() -> None:
    limits = [{"points": 8, "per": "transaction", "over": "trim"}, {"points": 12, "per": "day", "over": "trim"}, {"points": 99, "per": "month", "over": "trim"}]
    found = explained([rule(limits=limits, available={"after_days": 1}, expires={"end_of_year": True})], [posted(20_000), posted(20_000)])["base"]
    assert (found.given, found.points, found.reason) == (10, 4, RuleReason.TRIMMED)
    assert [(limit.per, limit.points, limit.used, limit.room, limit.asked, limit.allowed) for limit in found.limits] == [
        ("transaction", 8, 0, 8, 10, 8),
        ("day", 12, 8, 4, 8, 4),
        ("month", 99, 8, 91, 4, 4),
    ]
    assert (found.available_on, found.expires_on) == (date(2026, 3, 2), date(2026, 12, 31))


def test_the_limits_of_a_rule_that_they_stopped_are_told_too() -> None:
    found = explained([rule(limits=[{"points": 5, "per": "day", "over": "reject"}])], [posted(), posted(2_000)])["base"]
    assert (found.applied, found.given, found.reason) == (False, 1, RuleReason.CAP_REACHED)
    assert [(limit.used, limit.room, limit.asked, limit.allowed) for limit in found.limits] == [(5, 0, 1, 0)]


def test_a_rule_that_a_better_one_displaced_says_so() -> None:
    best = {"stacking": {"group": "g", "policy": "best"}}
    found = explained([rule("low", priority=1, earn={"fixed": 1}, **best), rule("high", priority=2, earn={"fixed": 2}, **best)], [posted()])
    assert (found["low"].given, found["low"].points, found["low"].reason) == (1, 0, RuleReason.OTHER_RULE_OF_GROUP)
    assert (found["high"].points, found["high"].reason) == (2, None)


def test_a_refund_is_explained_by_the_earnings_it_took_from() -> None:
    books = Books(rule_set(rule(earn={"per_minor": 100, "points": 1})))
    books.post(posted(10_000))
    decision = books.refund(refunded(2_500))
    (found,) = explain_refunded(decision, books.rules)
    assert (found.code, found.version, found.applied, found.points, found.reason) == ("base", 1, True, -25, RuleReason.TAKEN_BACK)
