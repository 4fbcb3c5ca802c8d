"""A merchant's journey: it registers, is approved, its customers earn and pay there; it is suspended, and they no longer do."""

from typing import Any

import pytest

from support.bank import Bank
from support.eventually import eventually
from support.rules import rule


@pytest.fixture(scope="module")
def merchant_no(bank: Bank) -> str:
    """Return a café that has applied, in a bank whose customers earn at active cafés only."""
    bank.approve(
        rule(
            "at-cafes",
            when={"all": [{"fact": "merchant.status", "is": "active"}, {"fact": "merchant.mcc", "is": "5814"}]},
            earn={"per_minor": 100, "points": 1},
        )
    )
    body = {"names": {"zh": "南珠咖啡", "en": "Nanzhu Coffee"}, "mcc": "5814", "institution": "450100"}
    return str(bank.post("merchant", "merchants", body, role="maker")["merchant_no"])


def step(bank: Bank, merchant_no: str, name: str) -> None:
    """Take a checker's step, and return when accrual and redemption have heard of it."""
    bank.post("merchant", f"merchants/{merchant_no}/{name}", role="checker")
    eventually(lambda: bank.has_published("merchant"))
    bank.drained()


def buy(bank: Bank, no: str, merchant_no: str | None) -> int:
    """Return the points that a purchase of 100 yuan earns."""
    bank.publish(bank.purchase(no, "C1", merchant_no=merchant_no))
    bank.drained()
    points: int = bank.get("accrual", f"decisions/core/{no}/1")["points"]
    return points


def paying(bank: Bank, merchant_no: str) -> dict[str, Any]:
    return bank.spend("C1", 10, application="pos-payment", merchant_no=merchant_no)


def test_customers_earn_and_pay_at_a_merchant_for_as_long_as_it_is_active(bank: Bank, merchant_no: str) -> None:
    assert bank.refused(f"merchants/{merchant_no}/approve", role="maker", service="merchant") == (403, "maker-cannot-approve")
    assert buy(bank, "applied", merchant_no) == 0
    assert bank.refused("redemptions", paying(bank, merchant_no)) == (404, "merchant-unknown")

    step(bank, merchant_no, "approve")
    assert [buy(bank, "active", merchant_no), buy(bank, "elsewhere", "M9"), buy(bank, "nowhere", None)] == [100, 0, 0]
    assert bank.post("redemption", "redemptions", paying(bank, merchant_no))["points"] == 10

    step(bank, merchant_no, "suspend")
    assert buy(bank, "suspended", merchant_no) == 0
    assert bank.refused("redemptions", paying(bank, merchant_no)) == (409, "merchant-not-active")
    bank.publish(bank.refund("refunded", bank.purchase("active", "C1", merchant_no=merchant_no), "30.00"))
    bank.drained()
    assert bank.account("C1")["available"] == 100 - 10 - 30

    step(bank, merchant_no, "resume")
    assert buy(bank, "resumed", merchant_no) == 100
    assert bank.violations() == {}
