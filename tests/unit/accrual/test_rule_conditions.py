"""Each test of `when` on each kind of fact, at its boundaries. Every case runs through the index and through the whole compiled condition."""

from datetime import date
from typing import Any

import pytest

from accrual.domain.decide import local_time
from accrual.domain.explain import explain_posted
from unit.accrual.builders import ZONE, Books, customer, posted, rule, rule_set

GOLD = customer(level="gold", tags=["staff", "vip"], born_on=date(1990, 3, 1), joined_on=date(2015, 6, 30), institution="450100")


def meets(when: dict[str, Any], *, facts: Any = GOLD, **changes: Any) -> bool:
    event = posted(**changes)
    rules = rule_set(rule(when=when, earn={"fixed": 1}))
    decision = Books(rules, facts).post(event)
    (explained,) = explain_posted(event, local_time(event, ZONE), facts, rules, decision)
    assert explained.applied is (decision.points > 0)
    return explained.applied


def fact(name: str, **test: Any) -> dict[str, Any]:
    return {"fact": name, **test}


MCC, AMOUNT, LEVEL, AGE, BIRTHDAY = "transaction.mcc", "transaction.amount_minor", "customer.level", "customer.age", "customer.birthday"


@pytest.mark.parametrize(
    ("when", "changes", "expected"),
    [
        (fact(MCC, **{"is": "5411"}), {}, True),
        (fact(MCC, **{"is": "5812"}), {}, False),
        (fact(MCC, **{"is": "5411"}), {"mcc": None}, False),
        (fact(MCC, is_not="5812"), {}, True),
        (fact(MCC, is_not="5411"), {}, False),
        (fact(MCC, is_not="5411"), {"mcc": None}, True),
        (fact(MCC, **{"in": ["5812", "5411"]}), {}, True),
        (fact(MCC, **{"in": ["5812"]}), {"mcc": None}, False),
        (fact(MCC, not_in=["5812"]), {}, True),
        (fact(MCC, not_in=["5411"]), {}, False),
        (fact(MCC, not_in=["5411"]), {"mcc": None}, True),
        (fact(MCC, exists=True), {}, True),
        (fact(MCC, exists=False), {}, False),
        (fact(MCC, exists=False), {"mcc": None}, True),
        (fact(AMOUNT, at_least=10_000), {}, True),
        (fact(AMOUNT, at_least=10_001), {}, False),
        (fact(AMOUNT, above=9_999), {}, True),
        (fact(AMOUNT, above=10_000), {}, False),
        (fact(AMOUNT, at_most=10_000), {}, True),
        (fact(AMOUNT, at_most=9_999), {}, False),
        (fact(AMOUNT, below=10_001), {}, True),
        (fact(AMOUNT, below=10_000), {}, False),
        (fact(AMOUNT, between=[10_000, 20_000]), {}, True),
        (fact(AMOUNT, between=[5_000, 10_000]), {}, True),
        (fact(AMOUNT, between=[10_001, 20_000]), {}, False),
        (fact(AMOUNT, at_least=5_000, below=10_000), {}, False),
        (fact(AMOUNT, at_least=5_000, below=10_001), {}, True),
        (fact("transaction.direction", **{"is": "debit"}), {}, True),
        (fact("transaction.leg", **{"is": 1}), {}, True),
        (fact("transaction.posted_on", **{"is": "2026-03-01"}), {}, True),
        (fact("transaction.transaction_on", **{"is": "2026-03-02"}), {"on": "2026-03-01T16:30:00+00:00"}, True),
        (fact("transaction.transaction_at", at_least="2026-03-01T01:00:00+00:00"), {}, True),
        (fact("transaction.transaction_at", above="2026-03-01T01:00:00+00:00"), {}, False),
        (fact("time.hour", between=[9, 11]), {}, True),
        (fact("time.hour", **{"is": 0}), {"on": "2026-03-01T16:30:00+00:00"}, True),
        (fact("time.weekday", **{"is": "sunday"}), {}, True),
        (fact("time.weekday", **{"in": ["Sat", 7]}), {}, True),
        (fact("time.weekday", between=["monday", "friday"]), {}, False),
        (fact("transaction.attributes.scene", **{"is": "metro"}), {"attributes": {"scene": "metro"}}, True),
        (fact("transaction.attributes.scene", **{"is": "metro"}), {}, False),
        (fact("transaction.attributes.scene", is_not="metro"), {}, True),
        (fact("transaction.attributes.scene", **{"in": ["bus", "metro"]}), {"attributes": {"scene": "metro"}}, True),
        (fact("transaction.attributes.scene", **{"in": ["bus"]}), {"attributes": {"scene": ["bus"]}}, False),
        (fact("transaction.attributes.scene", not_in=["bus"]), {"attributes": {"scene": "metro"}}, True),
        (fact("transaction.attributes.n", at_least=3), {"attributes": {"n": 3}}, True),
        (fact("transaction.attributes.n", above=3), {"attributes": {"n": 3}}, False),
        (fact("transaction.attributes.n", at_most=3), {"attributes": {"n": 3.5}}, False),
        (fact("transaction.attributes.n", below=3), {"attributes": {"n": 2.5}}, True),
        (fact("transaction.attributes.n", between=[1, 3]), {"attributes": {"n": 2}}, True),
        (fact("transaction.attributes.n", at_least=3), {"attributes": {"n": "3"}}, False),
        (fact("transaction.attributes.n", at_least=0), {"attributes": {"n": True}}, False),
        (fact("transaction.attributes.n", **{"is": 1}), {"attributes": {"n": True}}, False),
        (fact("transaction.attributes.n", **{"is": True}), {"attributes": {"n": True}}, True),
        (fact("transaction.attributes.n", contains="a"), {"attributes": {"n": ["a"]}}, True),
        (fact("transaction.attributes.n", contains="a"), {"attributes": {"n": "abc"}}, False),
        (fact("transaction.attributes.n", exists=True), {"attributes": {"n": None}}, False),
        (fact("transaction.attributes.n", exists=False), {}, True),
        (fact('transaction.attributes.it\'s "odd"', **{"is": "x"}), {"attributes": {'it\'s "odd"': "x"}}, True),
    ],
)
def test_facts_of_the_transaction(when: dict[str, Any], changes: dict[str, Any], expected: bool) -> None:
    assert meets(when, **changes) is expected


@pytest.mark.parametrize(
    ("when", "on", "expected"),
    [
        (fact(LEVEL, **{"in": ["gold", "platinum"]}), "2026-03-01", True),
        (fact(LEVEL, **{"is": "silver"}), "2026-03-01", False),
        (fact("customer.institution", **{"is": "450100"}), "2026-03-01", True),
        (fact("customer.tags", contains="vip"), "2026-03-01", True),
        (fact("customer.tags", contains="vi"), "2026-03-01", False),
        (fact("customer.tags", exists=True), "2026-03-01", True),
        (fact(AGE, at_least=36), "2026-03-01", True),
        (fact(AGE, at_least=36), "2026-02-28", False),
        (fact(AGE, below=36), "2026-02-28", True),
        (fact(AGE, between=[35, 35]), "2026-02-28", True),
        (fact(AGE, **{"is": 36}), "2026-03-01", True),
        (fact(BIRTHDAY, matches_day=True), "2026-03-01", True),
        (fact(BIRTHDAY, matches_day=True), "2026-03-02", False),
        (fact(BIRTHDAY, matches_day=False), "2026-03-02", True),
        (fact(BIRTHDAY, matches_month=True), "2026-03-31", True),
        (fact(BIRTHDAY, matches_month=True), "2026-04-01", False),
        (fact(BIRTHDAY, matches_month=False), "2026-04-01", True),
        (fact(BIRTHDAY, exists=True), "2026-04-01", True),
        (fact("customer.joined_on", below="2016-01-01"), "2026-03-01", True),
        (fact("customer.joined_on", matches_month=True), "2026-06-01", True),
    ],
)
def test_facts_of_the_customer(when: dict[str, Any], on: str, expected: bool) -> None:
    assert meets(when, on=on) is expected


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        (fact(LEVEL, exists=False), True),
        (fact(LEVEL, **{"is": "gold"}), False),
        (fact(LEVEL, is_not="gold"), True),
        (fact("customer.tags", contains="vip"), False),
        (fact("customer.tags", exists=False), True),
        (fact(AGE, at_least=0), False),
        (fact(AGE, below=200), False),
        ({"not": fact(AGE, below=200)}, True),
        (fact(BIRTHDAY, matches_day=True), False),
        (fact(BIRTHDAY, matches_day=False), True),
        ({"all": []}, True),
        ({"any": []}, False),
    ],
)
def test_a_customer_never_announced_has_no_facts_and_still_earns(when: dict[str, Any], expected: bool) -> None:
    assert meets(when, facts=None) is expected


@pytest.mark.parametrize(("on", "expected"), [("2027-02-28", True), ("2027-03-01", False), ("2028-02-28", False), ("2028-02-29", True), ("2100-02-28", True)])
def test_a_birthday_on_29_february_is_kept_on_the_28th_of_other_years(on: str, expected: bool) -> None:
    assert meets(fact(BIRTHDAY, matches_day=True), facts=customer(born_on=date(2000, 2, 29)), on=on) is expected


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ({"all": [fact(MCC, **{"is": "5411"}), fact(LEVEL, **{"is": "gold"})]}, True),
        ({"all": [fact(MCC, **{"is": "5411"}), fact(LEVEL, **{"is": "silver"})]}, False),
        ({"all": [fact(MCC, **{"is": "5812"}), fact(LEVEL, **{"is": "gold"})]}, False),
        ({"any": [fact(MCC, **{"is": "5812"}), fact(LEVEL, **{"is": "gold"})]}, True),
        ({"any": [fact(MCC, **{"is": "5812"}), fact(LEVEL, **{"is": "silver"})]}, False),
        ({"any": [fact(MCC, **{"is": "5411"}), fact(LEVEL, **{"is": "silver"})]}, True),
        ({"not": {"any": [fact(MCC, **{"is": "5812"}), fact(LEVEL, **{"is": "silver"})]}}, True),
        ({"not": {"all": [fact(MCC, **{"is": "5411"}), fact(LEVEL, **{"is": "gold"})]}}, False),
        ({"all": [{"any": [fact(AMOUNT, below=1), {"not": fact(MCC, exists=False)}]}, {"not": fact(LEVEL, exists=False)}]}, True),
    ],
)
def test_all_any_and_not(when: dict[str, Any], expected: bool) -> None:
    assert meets(when) is expected


def test_text_of_a_rule_is_never_run_as_code() -> None:
    assert meets(fact("transaction.attributes.x'] or True or ['", **{"is": "') or True or ('"})) is False
    assert meets(fact(MCC, **{"is": "5411' or 'x"})) is False
