"""The worked examples that real banks publish, end to end: event in, points on the account. Copied from the bank's vectors, names and all."""

from datetime import date
from typing import Any

import pytest

from support.bank import Bank, RawRecord, at
from support.eventually import eventually
from support.rules import DEBIT_LIMITS, card, rule

_ONE_A_YUAN = {"when": {"all": [{"fact": "transaction.transaction_code", "is": "YUAN"}]}}
_FUND = {"when": {"all": [{"fact": "transaction.transaction_code", "is": "FUND"}]}}
_SIGN_IN = {"all": [{"fact": "behaviour.behaviour_code", "is": "SIGN-IN"}]}
_PROMOTION = {"when": {"all": [{"fact": "transaction.transaction_code", "is": "PROMO"}]}, "applies": {"from": "2026-06-01", "to": "2026-07-01"}}


@pytest.fixture(scope="module")
def rules(bank: Bank) -> Bank:
    five_years = {"when": {"all": [{"fact": "transaction.transaction_code", "is": "FIVE"}]}, "expires": {"calendar_years": 5}}
    wiped = {"when": {"all": [{"fact": "transaction.transaction_code", "is": "WIPE"}]}, "expires": {"end_of_year": True}}
    debit = {"when": {"all": [{"fact": "transaction.transaction_code", "is": "POS"}, *card("debit")["all"]]}}
    credit = {"when": {"all": [{"fact": "transaction.transaction_code", "is": "POS"}, *card("credit")["all"]]}}
    bank.approve(
        rule("debit", {"per_minor": 2000, "points": 1}, **debit, limits=DEBIT_LIMITS, available={"after_days": 1}),
        rule("credit", {"per_minor": 1000, "points": 1}, **credit, available={"after_days": 2}),
        rule("yuan", {"per_minor": 100, "points": 1}, **_ONE_A_YUAN),
        rule("promotion", {"fixed": 7}, **_PROMOTION),
        rule("five-years", {"fixed": 10}, **five_years),
        rule("wiped", {"fixed": 10}, **wiped),
        rule("deposit", {"per_minor": 10_000_00, "points": 1}, on="balance", when={"all": []}, available={"day_of_next_month": 15}),
        rule("fund", {"per_minor": 10_000_00, "points": 1}, **_FUND, available={"day_of_next_month": 15}),
        rule("sign-in", {"fixed": 5}, on="behaviour", when=_SIGN_IN, limits=[{"points": 5, "per": "day", "over": "trim"}]),
    )
    return bank


def decided(bank: Bank, no: str) -> Any:
    return bank.get("accrual", f"decisions/core/{no}/1")


@pytest.mark.parametrize(("amount", "points"), [("19.99", 0), ("20.00", 1), ("3999.00", 199), ("4000.00", 200), ("9000.00", 200)])
def test_twenty_yuan_a_point_at_most_200_a_transaction(rules: Bank, amount: str, points: int) -> None:
    rules.publish(rules.purchase(f"V-{amount}", f"V-{amount}", amount))
    rules.drained()
    assert decided(rules, f"V-{amount}")["points"] == points
    balance = rules.balances([f"V-{amount}"])[f"V-{amount}"]
    assert (balance[0]["pending"] + balance[0]["available"] if balance else 0) == points


def test_at_most_2000_a_day(rules: Bank) -> None:
    rules.publish(*[rules.purchase(f"VD-{number}", "VD", "4000.00") for number in range(11)])
    rules.drained()
    assert [decided(rules, f"VD-{number}")["points"] for number in range(11)] == [200] * 10 + [0]
    assert decided(rules, "VD-10")["reason"]


@pytest.mark.parametrize(("kind", "available_on", "points"), [("credit", "2026-03-03", 100), ("debit", "2026-03-02", 50)])
def test_when_points_are_granted(rules: Bank, kind: str, available_on: str, points: int) -> None:
    rules.publish(rules.purchase(f"VG-{kind}", f"VG-{kind}", "1000.00", card_type=kind))
    rules.drained()
    lots = [one for one in decided(rules, f"VG-{kind}")["rules"] if one["applied"]]
    assert [(one["points"], one["available_on"]) for one in lots] == [(points, available_on)]


@pytest.mark.parametrize(
    ("code", "earned_on", "expires_on"),
    [("FIVE", "2017-12-31", "2021-12-31"), ("FIVE", "2018-01-01", "2022-12-31"), ("WIPE", "2026-02-01", "2026-12-31"), ("WIPE", "2026-12-31", "2026-12-31")],
)
def test_how_long_points_are_valid(rules: Bank, code: str, earned_on: str, expires_on: str) -> None:
    no = f"VV-{code}-{earned_on}"
    rules.publish(rules.purchase(no, "VV", "1.00", transaction_code=code, transaction_at=at(date.fromisoformat(earned_on)), posted_on=earned_on))
    rules.drained()
    assert [one["expires_on"] for one in decided(rules, no)["rules"] if one["applied"]] == [expires_on]


def test_points_that_expire_first_are_spent_first_and_permanent_ones_last(rules: Bank) -> None:
    for points, expires_on in ((50, None), (30, "2026-12-31"), (40, "2027-12-31")):
        grant = {"customer_no": "VS", "points": points, "point_type": "base", "reason": "vector", "expires_on": expires_on, **rules.serial()}
        rules.post("redemption", "grants", grant)
    rules.post("redemption", "redemptions", rules.spend("VS", 60))
    left = {lot["expires_on"]: lot["points"] for lot in rules.get("redemption", "accounts/VS/lots")["items"]}
    assert {expires_on: points for expires_on, points in left.items() if points} == {None: 50, "2027-12-31": 10}


@pytest.mark.parametrize(
    ("name", "purchase", "refunds", "after"),
    [("part", "1000.00", ["250.00"], 750), ("thirds", "1000.00", ["333.33", "333.33", "333.34"], 0)],
)
def test_a_refund_takes_back_the_points_of_its_part(rules: Bank, name: str, purchase: str, refunds: list[str], after: int) -> None:
    bought = rules.purchase(f"VR-{name}", f"VR-{name}", purchase, transaction_code="YUAN")
    rules.publish(bought, *[rules.refund(f"VR-{name}-{number}", bought, part) for number, part in enumerate(refunds)])
    rules.drained()
    assert rules.account(f"VR-{name}")["available"] == after


def test_a_refund_that_comes_first_waits_for_its_purchase(rules: Bank) -> None:
    bought = rules.purchase("VF", "VF", "400.00", transaction_code="YUAN")
    rules.publish(rules.record(rules.refund("VF-R", bought, "100.00"), partition=0))
    rules.drained()
    assert decided(rules, "VF-R")["outcome"] == "waiting"
    rules.publish(rules.record(bought, partition=3))
    rules.drained()
    assert rules.account("VF")["available"] == 300
    assert decided(rules, "VF-R")["points"] == -100


@pytest.mark.parametrize(("on", "points"), [("2026-06-30", 7), ("2026-07-01", 0)])
def test_a_promotion_applies_by_transaction_date(rules: Bank, on: str, points: int) -> None:
    rules.publish(rules.purchase(f"VP-{on}", "VP", "10.00", transaction_code="PROMO", transaction_at=at(date.fromisoformat(on)), posted_on="2026-07-02"))
    rules.drained()
    assert decided(rules, f"VP-{on}")["points"] == points


@pytest.mark.parametrize(("refund", "after"), [("4500.00", 200), ("7000.00", 100)])
def test_what_a_cap_cut_off_is_never_taken_back(rules: Bank, refund: str, after: int) -> None:
    customer = f"VC-{refund}"
    bought = rules.purchase(customer, customer, "9000.00")
    rules.publish(bought, rules.refund(f"{customer}-R", bought, refund))
    rules.drained()
    [balance] = rules.account(customer)["balances"]
    assert balance["pending"] + balance["available"] == after


def test_a_months_average_balance_and_fund_trades_earn_by_10000_yuan_on_the_15th_of_the_next_month(rules: Bank) -> None:
    def balance(on: str, yuan: int) -> RawRecord:
        closed = {"account_no": "A-VB", "product_code": "SAVINGS", "balance_on": on, "balance_minor": yuan * 100, "currency": "CNY"}
        return rules.record({"legal_entity": rules.legal_entity, "source_system": "core", "customer_no": "VB", **closed}, "core.balance.closed.v1")

    rules.publish(balance("2026-02-01", 40_000), balance("2026-02-15", 80_000), topic="core.balances")  # 14 days each: 60,000 yuan on average
    traded = at(date(2026, 2, 10))
    rules.publish(rules.purchase("VB-F", "VB", "35000.00", transaction_code="FUND", transaction_at=traded, posted_on="2026-02-10"))
    rules.drained()
    eventually(lambda: rules.call("GET", "accrual", "decisions/core/A-VB:2026-02/1?kind=balance").status_code == 200)
    granted = rules.get("accrual", "decisions/core/A-VB:2026-02/1", kind="balance")
    assert [(one["code"], one["points"], one["available_on"]) for one in granted["rules"] if one["applied"]] == [("deposit", 6, "2026-03-15")]
    assert [(one["points"], one["available_on"]) for one in decided(rules, "VB-F")["rules"] if one["applied"]] == [(3, "2026-03-15")]
    eventually(lambda: [(each["pending"], each["available"]) for each in rules.account("VB")["balances"]] == [(9, 0)])
    [line] = [one for one in rules.get("redemption", "accounts/VB/entries")["items"] if one["cause"]["kind"] == "balance"]
    assert (line["points"], line["cause"]["no"]) == (6, "A-VB:2026-02")


def test_a_sign_in_earns_once_a_day(rules: Bank) -> None:
    def sign_in(number: str, on: date) -> RawRecord:
        occurred = {"behaviour_no": number, "customer_no": "VH", "behaviour_code": "SIGN-IN", "occurred_at": at(on), "attributes": {}}
        return rules.record({"legal_entity": rules.legal_entity, "source_system": "app", **occurred}, "core.behaviour.occurred.v1")

    first, second = date(2026, 3, 1), date(2026, 3, 2)
    rules.publish(sign_in("VH-1", first), sign_in("VH-2", first), sign_in("VH-3", second), sign_in("VH-1", first), topic="core.behaviours")
    rules.drained()
    assert [rules.get("accrual", f"decisions/app/VH-{number}/1", kind="behaviour")["points"] for number in (1, 2, 3)] == [5, 0, 5]
    assert rules.account("VH")["available"] == 10
