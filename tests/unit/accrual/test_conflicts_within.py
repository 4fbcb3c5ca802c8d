"""What a rule alone is told when it is saved: parts that do nothing, and points that nobody pays for or nobody could record."""

from typing import Any

import pytest

from accrual.domain.conflicts_within import conflicts_within
from accrual.domain.most_points import faults_of_overflow
from accrual.domain.rule import Rule
from accrual.domain.rule_set import RuleVersion
from unit.accrual.builders import points_of, posted, rule

PAID: dict[str, Any] = {"cost_bearers": [{"party": "retail", "percent": 100}]}
HOSPITALS: dict[str, Any] = {"not": {"fact": "transaction.mcc", "in": ["8062", "8211"]}}
HOSPITAL: dict[str, Any] = {"fact": "transaction.mcc", "is_not": "8062"}
SHOPS: dict[str, Any] = {"fact": "transaction.mcc", "in": ["5411", "5812"]}


def fact(name: str, **test: Any) -> dict[str, Any]:
    return {"fact": name, **test}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"when": {"all": [HOSPITALS, fact("transaction.merchant_no", not_in=["M1"])]}}, []),
        ({"when": {"all": [HOSPITALS, HOSPITAL]}}, ["exclusion-swallowed"]),
        ({"when": {"all": [HOSPITAL, HOSPITALS]}}, ["exclusion-swallowed"]),
        ({"when": {"all": [HOSPITALS, HOSPITALS]}}, ["exclusion-swallowed"]),
        ({"when": {"all": [{"not": {"any": [fact("transaction.mcc", **{"in": ["8062", "8211"]})]}}, {"all": [HOSPITAL]}]}}, ["exclusion-swallowed"]),
        ({"when": {"all": [SHOPS, HOSPITAL]}}, ["exclusion-swallowed"]),
        ({"when": {"all": [HOSPITAL, fact("transaction.mcc", not_in=["8062", "8211"])]}}, ["exclusion-swallowed"]),
        ({"when": {"all": [SHOPS, {"not": SHOPS}]}}, ["unreachable-rule"]),
        ({"when": {"all": [fact("transaction.card_type", **{"is": "debit"}), fact("transaction.card_type", **{"is": "credit"})]}}, ["unreachable-rule"]),
        ({"when": {"any": []}}, ["unreachable-rule"]),
        ({"when": fact("transaction.currency", **{"is": "USD"})}, ["unreachable-rule"]),
        ({"when": fact("transaction.transaction_on", below="2026-01-01"), "applies": {"from": "2026-01-01"}}, ["unreachable-rule"]),
        ({"when": fact("transaction.transaction_on", at_most="2026-01-01"), "applies": {"from": "2026-01-01"}}, []),
        ({"limits": [{"points": 1, "per": "day"}]}, []),
        ({"earn": {"per_minor": 2000, "points": 5}, "limits": [{"points": 4, "per": "transaction"}, {"points": 5, "per": "day"}]}, ["limit-below-step"]),
        ({"earn": {"fixed": 9}, "limits": [{"points": 8, "per": "day"}, {"points": 8, "per": "year"}]}, ["limit-below-step", "limit-below-step"]),
        ({"earn": {"bands": [{"from_minor": 0, "points": 0}, {"from_minor": 9, "points": 3}]}, "limits": [{"points": 3, "per": "day"}]}, []),
        ({"earn": {"bands": [{"from_minor": 0, "points": 4, "per_minor": 2}]}, "limits": [{"points": 3, "per": "day"}]}, ["limit-below-step"]),
        ({"earn": {"multiply": {"rules": ["x"], "by": "9"}}, "limits": [{"points": 1, "per": "day"}]}, []),
        ({"cost_bearers": []}, ["missing-cost-bearer"]),
    ],
)
def test_what_a_rule_alone_is_told(changes: dict[str, Any], expected: list[str]) -> None:
    found = list(conflicts_within(rule(**PAID | changes)))
    assert [conflict.code for conflict in found] == expected
    assert all(not conflict.blocking and conflict.with_rule is None and conflict.message for conflict in found)


def test_the_message_names_the_exclusion_and_the_limit() -> None:
    (swallowed,) = conflicts_within(rule(when={"all": [HOSPITALS, HOSPITAL]}, **PAID))
    assert "'transaction.mcc'" in swallowed.message
    (too_low,) = conflicts_within(rule(earn={"fixed": 9}, limits=[{"points": 10, "per": "day"}, {"points": 8, "per": "day"}], **PAID))
    assert "limits[1] allows 8 points" in too_low.message


MOST = 2**53 - 1


@pytest.mark.parametrize(
    ("earn", "fits"),
    [
        ({"per_minor": 1, "points": 1}, True),
        ({"per_minor": 1, "points": 2}, False),
        ({"per_minor": 3, "points": 4}, False),
        ({"fixed": MOST}, True),
        ({"bands": [{"from_minor": 0, "points": 1, "per_minor": 1}]}, True),
        ({"bands": [{"from_minor": 0, "points": 1000, "per_minor": 1}, {"from_minor": 1_000_000, "points": 1, "per_minor": 100}]}, True),
        ({"bands": [{"from_minor": 0, "points": 2, "per_minor": 1}, {"from_minor": MOST, "points": 1}]}, False),
        ({"bands": [{"from_minor": 0, "points": MOST}, {"from_minor": 5, "points": 1}], "mode": "marginal"}, False),
        ({"multiply": {"rules": ["one"], "by": "2"}}, True),
        ({"multiply": {"rules": ["one"], "by": "3"}}, False),
        ({"multiply": {"rules": ["one", "two"], "by": "2"}}, False),
        ({"multiply": {"rules": ["limited"], "by": "1000"}}, True),
        ({"multiply": {"rules": ["extra"], "by": "3"}}, False),
        ({"multiply": {"rules": ["mild"], "by": "1000"}}, True),
        ({"multiply": {"rules": ["nobody"], "by": "1000"}}, True),
    ],
)
def test_a_rule_that_could_give_more_than_can_be_recorded_does_not_fit(earn: dict[str, Any], fits: bool) -> None:
    one = {"per_minor": 1, "points": 1}
    in_force = [rule("one", earn=one), rule("two", earn=one), rule("limited", earn=one, limits=[{"points": 9_000, "per": "day"}])]
    in_force += [rule("one", earn={"fixed": 1}), rule("extra", earn={"multiply": {"rules": ["one"], "by": "2"}})]
    in_force += [rule("mild", earn={"multiply": {"rules": ["limited", "loop"], "by": "2"}}), rule("loop", earn={"multiply": {"rules": ["mild"], "by": "2"}})]
    versions = [RuleVersion(rule_no=number, version=number, rule=each) for number, each in enumerate(in_force, start=1)]
    faults = faults_of_overflow(rule("new", earn=earn), versions)
    assert (faults == ()) is fits
    assert all(fault.path.startswith("earn.") and str(MOST) in fault.message for fault in faults)


@pytest.mark.parametrize("rounding", ["down", "up", "half_up"])
def test_what_fits_is_never_too_many_points_by_itself(rounding: str) -> None:
    fitting = rule(earn={"per_minor": 1, "points": 1}, rounding=rounding)
    assert isinstance(fitting, Rule)
    assert points_of([fitting], posted(MOST)) == MOST
