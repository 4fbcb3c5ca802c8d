"""kill -9 of any part in the middle of a stream: the final balances equal an undisturbed run's, to the point."""

from collections.abc import Iterator
from typing import Any

import pytest

from nanzhu_local.platform import LocalPlatform
from support.bank import Bank, open_bank
from support.rules import DEBIT_LIMITS, rule

EVENTS = 3_000
CUSTOMERS = 60
RULES = (
    rule("base", {"per_minor": 2000, "points": 1}, limits=DEBIT_LIMITS, expires={"calendar_years": 5}),
    rule("often", {"fixed": 3}, point_type="bonus", limits=[{"points": 90, "per": "month", "over": "reject"}]),
)


def stream(bank: Bank) -> Iterator[dict[str, Any]]:
    """Yield the same purchases and refunds for every bank that asks."""
    purchases: list[dict[str, Any]] = []
    for number in range(EVENTS):
        if number % 15 == 14:
            yield bank.refund(f"K{number:05d}", purchases[-7], "50.00")
        else:
            purchases.append(bank.purchase(f"K{number:05d}", f"K{len(purchases) % CUSTOMERS:03d}", f"{number * 37 % 5000 + 50}.00"))
            yield purchases[-1]


def balances_of(bank: Bank) -> dict[str, Any]:
    return bank.balances(f"K{number:03d}" for number in range(CUSTOMERS))


@pytest.fixture(scope="module")
def undisturbed(platform: LocalPlatform) -> dict[str, Any]:
    bank = open_bank(platform)
    bank.approve(*RULES)
    bank.publish(*stream(bank))
    bank.drained()
    assert all(balances_of(bank).values())
    return balances_of(bank)


@pytest.mark.parametrize("victim", ["accrual", "redemption", "console", "kafka", "postgres"])
def test_a_part_killed_in_the_middle_of_the_stream_changes_nothing(platform: LocalPlatform, undisturbed: dict[str, Any], victim: str) -> None:
    bank = open_bank(platform)
    bank.approve(*RULES)
    events = list(stream(bank))
    for part, lot in enumerate((events[: EVENTS // 3], events[EVENTS // 3 : 2 * EVENTS // 3], events[2 * EVENTS // 3 :])):
        bank.publish(*lot)
        if part < 2:  # while the lot is on its way
            platform.kill9(victim)
            platform.up()
    bank.drained(120)
    assert balances_of(bank) == undisturbed
    assert bank.violations() == {}
