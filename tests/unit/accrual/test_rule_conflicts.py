"""What a rule clashes with among the approved ones, as told when it is saved."""

from datetime import date
from typing import Any

import pytest

from accrual.domain.conflicts import find_conflicts
from accrual.domain.rule import Rule
from accrual.domain.rule_set import RuleVersion
from unit.accrual.builders import points_of, posted, rule

GOLD = {"fact": "customer.level", "is": "gold"}
SILVER = {"fact": "customer.level", "in": ["silver", "basic"]}


def multiplier(code: str, *named: str, **changes: Any) -> Rule:
    return rule(code, earn={"multiply": {"rules": list(named), "by": "2"}}, **changes)


def grouped(code: str, policy: str = "first", priority: int = 100, **changes: Any) -> Rule:
    return rule(code, stacking={"group": "g", "policy": policy}, priority=priority, **changes)


@pytest.mark.parametrize(
    ("new", "others", "expected"),
    [
        (rule("new"), [rule("old")], []),
        (multiplier("new", "old"), [rule("old")], []),
        (multiplier("new", "absent"), [rule("old")], [("multiplied-rule-unknown", "absent", False)]),
        (multiplier("new", "old"), [multiplier("old", "new")], [("multiply-cycle", "old", True)]),
        (multiplier("new", "a"), [multiplier("a", "b"), multiplier("b", "new")], [("multiply-cycle", "a", True)]),
        (multiplier("new", "a"), [multiplier("a", "b"), rule("b")], []),
        (
            multiplier("new", "old", stacking={"group": "g", "policy": "best"}),
            [grouped("old", "best")],
            [("multiply-cycle", "old", True), ("overlap-in-group", "old", False)],
        ),
        (multiplier("new", "old", stacking={"group": "g", "policy": "all"}), [grouped("old", "all")], []),
        (multiplier("new", "a"), [grouped("a"), multiplier("b", "new", stacking={"group": "g", "policy": "first"})], [("multiply-cycle", "a", True)]),
        (grouped("new", "first", 1), [grouped("old", "best", 2)], [("group-policies-differ", "old", False)]),
        (grouped("new", "first", 1), [grouped("old", "first", 1)], [("same-priority-in-group", "old", False)]),
        (grouped("new", "first", 1), [grouped("old", "first", 2)], [("unreachable-rule", "old", False)]),
        (grouped("new", "first", 1, when=GOLD), [grouped("old", "first", 2)], [("overlap-in-group", "old", False)]),
        (grouped("new", "first", 2, when=GOLD), [grouped("old", "first", 1)], [("unreachable-rule", "old", False)]),
        (grouped("new", "first", 2, when=GOLD, applies={"to": "2027-01-01"}), [grouped("old", "first", 1)], [("unreachable-rule", "old", False)]),
        (grouped("new", "first", 2, when=GOLD), [grouped("old", "first", 1, applies={"to": "2027-01-01"})], [("overlap-in-group", "old", False)]),
        (grouped("new", "first", 2), [grouped("old", "first", 1, when=GOLD)], [("overlap-in-group", "old", False)]),
        (grouped("new", "first", 1, when=GOLD), [grouped("old", "first", 1, when=SILVER)], []),
        (grouped("new", "first", 1), [grouped("old", "first", 2, currency="USD")], []),
        (grouped("new", "best", 1), [grouped("old", "best", 1)], [("overlap-in-group", "old", False)]),
        (grouped("new", "best", 1, when=GOLD), [grouped("old", "best", 1, when=SILVER)], []),
        (grouped("new", "all", 1), [grouped("old", "all", 1)], []),
        (grouped("new", applies={"to": "2026-01-01"}), [grouped("old", applies={"from": "2026-01-01"})], []),
        (grouped("new", applies={"from": "2026-01-01"}), [grouped("old", applies={"to": "2026-01-01"})], []),
        (grouped("old"), [grouped("old")], []),
    ],
)
def test_conflicts(new: Rule, others: list[Rule], expected: list[tuple[str, str, bool]]) -> None:
    versions = [RuleVersion(rule_no=number, version=1, rule=other) for number, other in enumerate(others, start=1)]
    found = find_conflicts(new, versions)
    assert [(conflict.code, conflict.with_rule, conflict.blocking) for conflict in found] == expected


def test_a_stopped_version_is_in_nobodys_way_after_its_stop() -> None:
    stopped = RuleVersion(rule_no=1, version=1, rule=grouped("old"), stopped_on=date(2026, 1, 1))
    assert find_conflicts(grouped("new", applies={"from": "2026-01-01"}), [stopped]) == ()
    assert find_conflicts(grouped("new", applies={"from": "2025-12-31"}), [stopped]) != ()


def test_a_cycle_that_slipped_through_is_decided_by_priority_and_not_for_ever() -> None:
    assert points_of([rule(), multiplier("a", "base", "b", priority=1), multiplier("b", "base", "a", priority=2)], posted()) == 5 + 5 + 10
