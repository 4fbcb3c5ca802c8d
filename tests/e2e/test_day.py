"""The business date: pending points become available and lapsed points unspendable at once, and a closed date gets no more postings."""

from datetime import date, timedelta

from nanzhu_local.platform import LocalPlatform
from support.bank import TODAY, Bank, at, open_bank
from support.rules import rule


def test_pending_points_become_available_and_lapsed_ones_unspendable_with_the_date(platform: LocalPlatform) -> None:
    bank = open_bank(platform)
    bank.approve(rule("soon", {"per_minor": 100, "points": 1}, available={"after_days": 1}, expires={"days": 3}))
    bank.publish(bank.purchase("D1", "C1", "100.00", transaction_at=at(TODAY), posted_on=TODAY.isoformat()))
    bank.drained()
    assert _points(bank) == {"available": 0, "pending": 100, "expired": 0}
    assert bank.refused("reservations", bank.spend("C1", 1)) == (409, "insufficient-points")

    bank.advance(TODAY + timedelta(days=1))
    assert _points(bank) == {"available": 100, "pending": 0, "expired": 0}
    assert bank.post("redemption", "redemptions", bank.spend("C1", 10))["status"] == "redeemed"
    lots = bank.get("redemption", "accounts/C1/lots")["items"]
    last_day = date.fromisoformat(lots[0]["expires_on"])

    bank.advance(last_day)
    assert _points(bank)["available"] == 90
    bank.advance(last_day + timedelta(days=1))
    assert _points(bank) == {"available": 0, "pending": 0, "expired": 90}
    assert bank.refused("redemptions", bank.spend("C1", 1)) == (409, "insufficient-points")
    assert bank.violations() == {}


def _points(bank: Bank) -> dict[str, int]:
    [balance] = bank.account("C1")["balances"]
    return {name: balance[name] for name in ("available", "pending", "expired")}


def test_the_date_only_moves_forward_and_shows_who_has_followed(bank: Bank) -> None:
    bank.advance(TODAY + timedelta(days=2))
    assert bank.refused("business-date", {"business_on": TODAY.isoformat()}, role="admin", service="console") == (409, "business-date-moves-back")
    shown = bank.get("console", "business-date")
    assert shown["business_on"] == (TODAY + timedelta(days=2)).isoformat()
    assert set(shown["followed_by"]) == set(bank.platform.endpoints.services) - {"console"}
