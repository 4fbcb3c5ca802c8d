"""The whole stream again, in any form, changes no balance; the same key with other content is set aside and raises a metric."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from support.bank import Bank, RawRecord
from support.eventually import eventually
from support.rules import DEBIT_LIMITS, rule

CUSTOMERS = [f"R{number:03d}" for number in range(20)]


def stream(bank: Bank) -> list[dict[str, Any]]:
    purchases = [bank.purchase(f"P{number:05d}", CUSTOMERS[number % 20], f"{number * 7 % 900 + 1}.50") for number in range(400)]
    refunds = [bank.refund(f"F{number:05d}", purchases[number * 3], "1.00") for number in range(60)]
    return purchases + refunds


@pytest.fixture(scope="module")
def published(bank: Bank) -> list[dict[str, Any]]:
    bank.approve(rule("base", {"per_minor": 2000, "points": 1}, limits=DEBIT_LIMITS))
    events = stream(bank)
    bank.publish(*events)
    bank.drained()
    return events


FORMS: dict[str, Callable[[Bank, int, dict[str, Any]], RawRecord]] = {
    "the same ids": lambda bank, number, data: bank.record(data, ce_id=f"same-{number}"),
    "new ids": lambda bank, number, data: bank.record(data),
    "other partitions": lambda bank, number, data: bank.record(data, partition=number % 4),
}


@pytest.mark.parametrize("form", FORMS)
def test_publishing_the_stream_again_changes_no_balance(bank: Bank, published: list[dict[str, Any]], form: str) -> None:
    before = bank.balances(CUSTOMERS)
    assert sum(balance["available"] for balances in before.values() for balance in balances) > 400
    bank.publish(*[FORMS[form](bank, number, data) for number, data in enumerate(published)])
    bank.drained()
    assert bank.balances(CUSTOMERS) == before
    assert bank.violations() == {}


def test_the_same_key_with_other_content_is_set_aside_and_counted(bank: Bank, published: list[dict[str, Any]]) -> None:
    before, counted = bank.balances(CUSTOMERS), _conflicts(bank)
    bank.publish({**published[0], "amount_minor": 99_999_999})
    bank.drained()
    letters = eventually(lambda: [one for one in bank.get("accrual", "dead-letters", role="admin")["items"] if one["reason"] == "conflicting-content"])
    assert len(letters) == 1
    assert bank.balances(CUSTOMERS) == before
    assert _conflicts(bank) == counted + 1


def _conflicts(bank: Bank) -> float:
    text = httpx.get(bank.platform.endpoints.services["accrual"].metrics, trust_env=False).text
    return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith("loyalty_accrual_conflicting_content_total "))
