"""Proofs over conditions: what is called impossible never happens, and what is called implied always does."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accrual.domain.condition import Condition
from accrual.domain.reachability import ALTERNATIVES_MAX, can_hold, implies
from unit.accrual.builders import customer, points_of, posted, rule


def when(document: dict[str, Any]) -> Condition:
    return rule(when=document).when


def fact(name: str, **test: Any) -> dict[str, Any]:
    return {"fact": name, **test}


def both(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"all": list(parts)}


AMOUNT, MCC, LEVEL, DAY = "transaction.amount_minor", "transaction.mcc", "customer.level", "time.weekday"


@pytest.mark.parametrize(
    "impossible",
    [
        {"any": []},
        {"not": {"all": []}},
        both(fact(AMOUNT, at_least=10), fact(AMOUNT, below=10)),
        both(fact(AMOUNT, above=9), fact(AMOUNT, below=10)),
        fact(AMOUNT, below=1),
        fact(AMOUNT, **{"is": 0}),
        both(fact(AMOUNT, between=[1, 3]), {"not": fact(AMOUNT, between=[1, 3])}),
        both(fact(MCC, **{"is": "1"}), fact(MCC, **{"is": "2"})),
        both(fact(MCC, **{"in": ["1", "2"]}), fact(MCC, not_in=["1", "2", "3"])),
        both(fact(MCC, exists=False), fact(MCC, **{"is": "1"})),
        fact("transaction.channel", exists=False),
        fact(DAY, **{"in": [6]}) | {"not_in": [6, 7]},
        fact(DAY, above=5) | {"not_in": [6, 7]},
        fact("time.hour", above=23),
        both(fact("customer.tags", contains="vip"), {"not": fact("customer.tags", contains="vip")}),
        {"any": [both(fact(AMOUNT, below=1)), both(fact(MCC, **{"is": "1"}), fact(MCC, is_not="1"))]},
        both(fact("customer.joined_on", above="2026-01-01"), fact("customer.joined_on", at_most="2026-01-01")),
    ],
)
def test_impossible(impossible: dict[str, Any]) -> None:
    assert not can_hold(when(impossible))


@pytest.mark.parametrize(
    "possible",
    [
        {"all": []},
        both(fact(AMOUNT, at_least=10), fact(AMOUNT, at_most=10)),
        {"not": fact(MCC, **{"is": "1"})},
        {"not": both(fact(MCC, **{"is": "1"}), fact(MCC, **{"is": "2"}))},
        both({"not": fact(MCC, **{"is": "1"})}, fact(MCC, exists=False)),
        both({"not": fact("customer.age", at_least=18)}, {"not": fact("customer.age", below=18)}),
        fact(DAY, above=5) | {"not_in": [7]},
        both(fact("customer.birthday", matches_day=False), fact("customer.birthday", matches_month=True)),
        {"all": [{"any": [fact(MCC, **{"is": str(number)}), fact(LEVEL, **{"is": str(number)})]} for number in range(ALTERNATIVES_MAX.bit_length())]},
    ],
)
def test_possible(possible: dict[str, Any]) -> None:
    assert can_hold(when(possible))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (fact(AMOUNT, at_least=20), fact(AMOUNT, above=10), True),
        (fact(AMOUNT, at_least=10), fact(AMOUNT, above=10), False),
        (fact(MCC, **{"is": "1"}), fact(MCC, **{"in": ["1", "2"]}), True),
        (fact(MCC, **{"in": ["1", "3"]}), fact(MCC, **{"in": ["1", "2"]}), False),
        (fact(MCC, **{"is": "1"}), fact(MCC, exists=True), True),
        (both(fact(MCC, **{"is": "1"}), fact(LEVEL, **{"is": "gold"})), fact(LEVEL, **{"is": "gold"}), True),
        (fact(LEVEL, **{"is": "gold"}), both(fact(MCC, **{"is": "1"}), fact(LEVEL, **{"is": "gold"})), False),
        (fact(MCC, is_not="1"), fact(MCC, exists=True), False),
        ({"any": [fact(MCC, **{"is": "1"}), fact(MCC, **{"is": "2"})]}, fact(MCC, **{"in": ["2", "1"]}), True),
        (fact(MCC, **{"is": "1"}), {"all": []}, True),
    ],
)
def test_implied(one: dict[str, Any], other: dict[str, Any], expected: bool) -> None:
    assert implies(when(one), when(other)) is expected


_TESTS = st.one_of(
    st.builds(lambda kind, value: fact(AMOUNT, **{kind: value}), st.sampled_from(["is", "is_not", "at_least", "above", "at_most", "below"]), st.integers(0, 4)),
    st.builds(lambda low, more: fact(AMOUNT, between=[low, low + more]), st.integers(0, 4), st.integers(0, 2)),
    st.builds(lambda kind, value: fact(DAY, **{kind: value}), st.sampled_from(["is", "at_least", "below"]), st.integers(1, 7)),
    st.builds(lambda kind, values: fact(MCC, **{kind: values}), st.sampled_from(["in", "not_in"]), st.lists(st.sampled_from("ab"), min_size=1, unique=True)),
    st.builds(lambda kind, value: fact(LEVEL, **{kind: value}), st.sampled_from(["is", "is_not"]), st.sampled_from("ab")),
    st.builds(lambda name, exists: fact(name, exists=exists), st.sampled_from([MCC, LEVEL]), st.booleans()),
    st.builds(lambda tag: fact("customer.tags", contains=tag), st.sampled_from("ab")),
)
_CONDITIONS = st.recursive(
    _TESTS,
    lambda parts: st.one_of(
        st.builds(lambda part: {"not": part}, parts),
        st.builds(lambda form, each: {form: each}, st.sampled_from(["all", "any"]), st.lists(parts, max_size=3)),
    ),
    max_leaves=6,
)
_EVENTS = st.builds(
    lambda amount, mcc, day, level, tags: (posted(amount, mcc=mcc, on=f"2026-03-0{day}"), customer(level=level, tags=tags)),
    st.integers(1, 5), st.sampled_from([None, "a", "b", "c"]), st.integers(1, 7), st.sampled_from([None, "a", "b", "c"]), st.lists(st.sampled_from("ab")),
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(_CONDITIONS, _CONDITIONS, st.lists(_EVENTS, min_size=1, max_size=5))
def test_no_event_contradicts_a_proof(one: dict[str, Any], other: dict[str, Any], events: list[Any]) -> None:
    def met(condition: dict[str, Any], event: Any) -> bool:
        return points_of([rule(when=condition, earn={"fixed": 1})], *event) > 0

    for event in events:
        if met(one, event):
            assert can_hold(when(one))
            assert met(other, event) or not implies(when(one), when(other))
