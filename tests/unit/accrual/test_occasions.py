"""Behaviours and month balances are decided by the rules on them, and by no others."""

from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any

import pytest

from accrual.domain.decide import decide_posted, local_time
from accrual.domain.decision import Decision
from accrual.domain.month_average import month_average
from accrual.domain.occasions import Behaviour, MonthBalance, behaviour_from, month_balance_from, trigger_of
from accrual.domain.reasons import Reason
from accrual.domain.rule_set import RuleSet, RuleVersion
from accrual.domain.trigger import Trigger
from accrual.domain.usage import NO_USAGE
from loyalty_shared.contracts.core import BalanceClosedV1, BehaviourOccurredV1, CustomerChangedV1, TransactionPostedV1
from unit.accrual.builders import ZONE, at, posted, rule, rule_set
from unit.accrual.test_rule_faults import faults_of

MARCH = date(2026, 3, 1)


def sign_in(on: str = "2026-03-01", *, code: str = "SIGN-IN", customer: CustomerChangedV1 | None = None, **attributes: Any) -> Behaviour:
    occurred = BehaviourOccurredV1(
        legal_entity="001", source_system="app", behaviour_no="B1", customer_no="C1", behaviour_code=code, occurred_at=at(on), attributes=attributes
    )
    return behaviour_from(occurred, ZONE, customer)


def closed(on: str, balance_minor: int, **changes: Any) -> BalanceClosedV1:
    fields: dict[str, Any] = {
        "legal_entity": "001", "source_system": "core", "customer_no": "C1", "account_no": "A1", "product_code": "SAVINGS", "currency": "CNY",
        "balance_on": date.fromisoformat(on), "balance_minor": balance_minor,
    }  # fmt: skip
    return BalanceClosedV1(**fields | changes)


def march(*balances: BalanceClosedV1, customer: CustomerChangedV1 | None = None) -> MonthBalance:
    return month_balance_from("001", month_average(MARCH, balances), ZONE, customer)


def decided(event: TransactionPostedV1, rules: RuleSet, customer: CustomerChangedV1 | None = None) -> Decision:
    return decide_posted(event, local_time(event, ZONE), customer, rules.of(trigger_of(event)), NO_USAGE)


@pytest.mark.parametrize(
    ("balances", "total"),
    [
        ([closed("2026-02-27", 100)], 31 * 100),
        ([closed("2026-03-01", 100)], 31 * 100),
        ([closed("2026-03-31", 100)], 100),
        ([closed("2026-03-11", 100)], 21 * 100),
        ([closed("2026-02-01", 50), closed("2026-03-11", 100), closed("2026-03-12", 0), closed("2026-03-22", 7)], 10 * 50 + 100 + 10 * 7),
        ([closed("2026-03-01", -50), closed("2026-03-02", 100)], 30 * 100 - 50),
        ([closed("2026-02-01", 50, currency="USD"), closed("2026-03-31", 100)], 100),
    ],
)
def test_a_day_without_a_balance_has_that_of_the_day_before(balances: list[BalanceClosedV1], total: int) -> None:
    average = month_average(MARCH, balances)
    assert (average.total_minor, average.days, average.last) == (total, 31, balances[-1])


def test_a_leap_day_is_a_day() -> None:
    assert month_average(date(2028, 2, 1), [closed("2028-02-01", 10)]).days == 29


def test_rules_of_one_trigger_never_meet_events_of_another() -> None:
    everything: dict[str, Any] = {"all": []}
    rules = rule_set(
        *(rule(trigger, on=trigger, when=everything, earn={"fixed": points}) for trigger, points in (("transaction", 1), ("behaviour", 2), ("balance", 4)))
    )
    events = (posted(), sign_in(), march(closed("2026-03-01", 100)))
    assert [decided(event, rules).points for event in events] == [1, 2, 4]


def test_a_newer_version_on_another_trigger_takes_the_older_ones_place() -> None:
    old, new = rule("bonus", earn={"fixed": 1}), rule("bonus", on="behaviour", earn={"fixed": 2}, applies={"from": "2026-03-02"})
    rules = rule_set(RuleVersion(rule_no=1, version=1, rule=old), RuleVersion(rule_no=2, version=2, rule=new))
    assert [decided(posted(on=on), rules).points for on in ("2026-03-01", "2026-03-02")] == [1, 0]
    assert [decided(sign_in(on), rules).points for on in ("2026-03-01", "2026-03-02")] == [0, 2]


def test_the_views_of_a_set_are_one_set() -> None:
    rules = rule_set(rule())
    assert rules.of(Trigger.TRANSACTION) is rules
    assert rules.of(Trigger.BEHAVIOUR).of(Trigger.BALANCE) is rules.of(Trigger.BALANCE)
    assert rules.of(Trigger.BEHAVIOUR).number == rules.number


def test_a_behaviour_earns_by_its_code_and_attributes() -> None:
    when = {"all": [{"fact": "behaviour.behaviour_code", "is": "SURVEY"}, {"fact": "behaviour.attributes.score", "at_least": 3}]}
    rules = rule_set(rule(on="behaviour", when=when, earn={"fixed": 10}, currency="USD"))
    assert [decided(sign_in(code=code, score=score), rules).points for code, score in (("SURVEY", 3), ("SURVEY", 2), ("OTHER", 3))] == [10, 0, 0]


def test_a_birthday_behaviour_sees_the_customer() -> None:
    when = {"fact": "customer.birthday", "matches_day": True}
    born = CustomerChangedV1(legal_entity="001", customer_no="C1", born_on=date(1990, 3, 1), changed_at=datetime(2020, 1, 1, tzinfo=UTC))
    rules = rule_set(rule(on="behaviour", when=when, earn={"fixed": 88}))
    assert [decided(sign_in(on), rules, born).points for on in ("2026-03-01", "2026-03-02")] == [88, 0]


def test_a_blacklisted_customers_behaviours_earn_nothing() -> None:
    listed = CustomerChangedV1(legal_entity="001", customer_no="C1", status="blacklisted", changed_at=datetime(2020, 1, 1, tzinfo=UTC))
    assert decided(sign_in(), rule_set(rule(on="behaviour", earn={"fixed": 1})), listed).reason is Reason.CUSTOMER_BLACKLISTED


@pytest.mark.parametrize(
    ("known", "attributes", "institution", "channel"),
    [
        (None, {}, "001", "app"),
        (None, {"institution": "4501", "channel": "WEB"}, "4501", "WEB"),
        ("4502", {"institution": "4501"}, "4502", "app"),
        (None, {"channel": 7}, "001", "app"),
    ],
)
def test_whose_a_behaviour_is_and_where_it_came_from(known: str | None, attributes: dict[str, Any], institution: str, channel: str) -> None:
    customer = CustomerChangedV1(legal_entity="001", customer_no="C1", institution=known, changed_at=datetime(2020, 1, 1, tzinfo=UTC))
    event = sign_in(customer=customer, **attributes)
    assert (event.institution, event.channel) == (institution, channel)


@pytest.mark.parametrize(
    ("balances", "earn", "points"),
    [
        ([closed("2026-03-01", 1_000_000)], {"per_minor": 1_000_000, "points": 1}, 1),
        ([closed("2026-03-01", 999_999)], {"per_minor": 1_000_000, "points": 1}, 0),
        ([closed("2026-03-01", 10_000_000), closed("2026-03-17", 0)], {"per_minor": 1_000_000, "points": 100}, 516),  # 160,000,000 / 31 of the average, exactly
        ([closed("2026-03-31", 31)], {"per_minor": 1, "points": 31}, 31),
        ([closed("2026-03-31", 32)], {"per_minor": 1, "points": 31}, 32),  # 32/31 of a fen, times 31: not 1 fen, times 31
        ([closed("2026-03-01", 500)], {"bands": [{"from_minor": 0, "points": 0}, {"from_minor": 500, "points": 7}]}, 7),
        ([closed("2026-03-31", 47)], {"bands": [{"from_minor": 1, "points": 2, "per_minor": 1}], "mode": "marginal"}, 1),  # (47/31 - 1) * 2
    ],
)
def test_points_are_of_the_exact_average(balances: list[BalanceClosedV1], earn: dict[str, Any], points: int) -> None:
    assert decided(march(*balances), rule_set(rule(on="balance", earn=earn))).points == points


@pytest.mark.parametrize(("rounding", "points"), [("down", 1), ("half_up", 2), ("half_even", 2), ("up", 2)])
def test_the_points_of_an_average_are_rounded_once(rounding: str, points: int) -> None:
    assert decided(march(closed("2026-03-01", 3)), rule_set(rule(on="balance", earn={"per_minor": 2, "points": 1}, rounding=rounding))).points == points


def test_a_negative_average_counts_as_zero() -> None:
    owed = march(closed("2026-03-01", -100))
    assert (owed.amount_minor, owed.exact_minor) == (0, Fraction(0))
    assert decided(owed, rule_set(rule(on="balance", earn={"fixed": 1}))).reason is Reason.ZERO_AMOUNT


def test_conditions_see_the_average_rounded_down() -> None:
    rules = rule_set(rule(on="balance", when={"fact": "balance.average_minor", "above": 1}, earn={"fixed": 1}))
    assert [decided(march(closed("2026-03-31", minor)), rules).points for minor in (31 + 30, 62)] == [0, 1]


def test_a_balance_is_decided_on_the_months_last_day_in_its_own_currency() -> None:
    event = march(closed("2026-03-05", 100))
    assert (event.transaction_no, event.transaction_at.isoformat()) == ("A1:2026-03", "2026-03-31T23:59:59+08:00")
    dollars = rule_set(rule(on="balance", currency="USD", earn={"fixed": 5}))
    assert [decided(march(closed("2026-03-05", 100, currency=code)), dollars).points for code in ("CNY", "USD")] == [0, 5]


@pytest.mark.parametrize(
    ("changes", "path", "words"),
    [
        ({"on": "behaviour", "earn": {"per_minor": 100, "points": 1}}, "earn", "has no amount"),
        ({"on": "behaviour", "earn": {"bands": [{"from_minor": 0, "points": 1}]}}, "earn", "has no amount"),
        ({"on": "balance", "earn": {"nth": 2, "of": "count.month", "fixed": 1}}, "earn", "comes once a month"),
        ({"on": "behaviour", "earn": {"fixed": 1}, "when": {"fact": "transaction.mcc", "is": "5411"}}, "when.fact", "cannot see"),
        ({"on": "balance", "earn": {"fixed": 1}, "when": {"fact": "time.hour", "is": 3}}, "when.fact", "cannot see"),
    ],
)
def test_what_a_rule_on_an_occasion_cannot_ask_for(changes: dict[str, Any], path: str, words: str) -> None:
    assert words in faults_of(**changes)[path]


def test_multiplied_behaviours() -> None:
    extra = replace(rule("double", on="behaviour", earn={"multiply": {"rules": ["sign-in"], "by": "2"}}), priority=200)
    assert decided(sign_in(), rule_set(rule("sign-in", on="behaviour", earn={"fixed": 5}), extra)).points == 10
