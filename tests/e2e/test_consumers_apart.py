"""Every service consumes on its own: stopped for the whole stream and started after it, it ends with the numbers of one that was there all the time."""

from datetime import timedelta
from typing import Any

import pytest

from nanzhu_local.platform import LocalPlatform
from support.bank import TODAY, Bank, open_bank
from support.closing import close
from support.eventually import eventually
from support.rules import DEBIT_LIMITS, rule

CUSTOMERS = [f"S{number:03d}" for number in range(30)]
EVENTS = 600
RULES = (
    rule("base", {"per_minor": 2000, "points": 1}, limits=DEBIT_LIMITS),
    rule("merchants", {"fixed": 2}, point_type="bonus", when={"all": [{"fact": "merchant.type", "is": "points-accepting"}]}),
    rule("cards", {"fixed": 3}, cost_bearers=[{"party": "cards", "percent": 100}]),
)
GIFT = {"gift_code": "PEN", "names": {"en": "Pen"}, "points": 10, "stock": 100, "supplier": "S1"}
#: Enough of the stream's points bring it within reach of every customer.
WISHED = {"gift_code": "BAG", "names": {"en": "Bag"}, "points": 50, "stock": 1, "supplier": "S1"}


def prepare(platform: LocalPlatform) -> Bank:
    """Open a bank with rules, a merchant, gifts and wishes: all that is there before the stream."""
    bank = open_bank(platform)
    bank.post("merchant", "merchants", {"merchant_no": "M0001", "names": {"en": "Shop"}, "merchant_type": "points-accepting"}, role="maker")
    bank.post("merchant", "merchants/M0001/approve", {}, role="checker")
    eventually(lambda: bank.has_published("merchant") and bank.has_read("accrual"))
    bank.approve(*RULES)
    for gift in (GIFT, WISHED):
        bank.post("gift-order", "gifts", gift, role="maker")
    for customer_no in CUSTOMERS[:5]:
        bank.post("gift-order", "wishes", {"customer_no": customer_no, "gift_code": "BAG"})
    return bank


def stream(bank: Bank) -> None:
    """Publish the same purchases and refunds for every bank."""
    sold: list[dict[str, Any]] = []
    events: list[dict[str, Any]] = []
    for number in range(EVENTS):
        if number % 12 == 11:
            events.append(bank.refund(f"A{number:05d}", sold[-5], "20.00"))
        else:
            sold.append(bank.purchase(f"A{number:05d}", CUSTOMERS[len(sold) % len(CUSTOMERS)], f"{number * 37 % 2000 + 50}.00"))
            events.append(sold[-1])
    bank.publish(*events)


def numbers_after(bank: Bank) -> dict[str, Any]:
    """Spend and order, close two days, and return all that the services then have."""
    bank.drained(120)
    lapsing = {"customer_no": CUSTOMERS[9], "points": 7, "point_type": "bonus", "reason": "today only", "expires_on": TODAY.isoformat()}
    bank.post("redemption", "grants", lapsing | bank.serial())
    for customer_no in CUSTOMERS[:6]:
        bank.post("redemption", "redemptions", bank.spend(customer_no, 5, application="donation"))
    orders = [bank.post("gift-order", "orders", {"customer_no": customer_no, "gift_code": "PEN", "quantity": 1}) for customer_no in CUSTOMERS[:8]]
    bank.post("gift-order", f"orders/{orders[0]['order_id']}/cancel")
    wishes = eventually(lambda: told(bank), 60)
    days = [close(bank, TODAY + timedelta(days=number)) for number in range(2)]
    assert bank.violations() == {}
    return {
        "balances": bank.balances(CUSTOMERS),
        "movements": [day.movement for day in days],
        "batches": [day.batches for day in days],
        "breaks": [day.reconciliation["breaks"] for day in days],
        "orders": sorted((order["customer_no"], order["status"]) for order in bank.get("gift-order", "orders", limit=100)["items"]),
        "stock": {gift["gift_code"]: gift["stock"] for gift in bank.get("gift-order", "gifts")["items"]},
        "wishes": wishes,
    }


def told(bank: Bank) -> list[tuple[str, str]]:
    """Return whose wishes came within reach, once they all have."""
    wishes = bank.get("gift-order", "wishes", limit=100)["items"]
    return sorted((wish["customer_no"], wish["gift_code"]) for wish in wishes if wish["told_at"]) if all(wish["told_at"] for wish in wishes) else []


@pytest.fixture(scope="module")
def together(platform: LocalPlatform) -> dict[str, Any]:
    """The numbers of a bank for which every service was there all the time."""
    bank = prepare(platform)
    stream(bank)
    numbers = numbers_after(bank)
    assert all(numbers["balances"].values())
    assert numbers["movements"][0]["used"] > 0
    assert numbers["movements"][1]["expired"] == 7
    assert numbers["breaks"] == [0, 0]
    return numbers


@pytest.mark.parametrize(
    "apart",
    [("accrual",), ("redemption",), ("merchant", "settlement", "reporting"), ("redemption", "gift-order", "settlement", "reporting")],
    ids=" ".join,
)
def test_services_stopped_for_the_whole_stream_end_with_the_same_numbers(platform: LocalPlatform, together: dict[str, Any], apart: tuple[str, ...]) -> None:
    bank = prepare(platform)
    for name in apart:
        platform.stop(name)
    try:
        stream(bank)
        others_read_on(bank, apart)
    finally:
        platform.up()
    assert numbers_after(bank) == together


def others_read_on(bank: Bank, apart: tuple[str, ...]) -> None:
    """Return when those that are there have read all there is for them: the absence of others keeps nobody waiting."""
    there = [name for name in bank.platform.endpoints.services if name not in apart]
    eventually(lambda: all(bank.has_read(name) for name in there), 60)
