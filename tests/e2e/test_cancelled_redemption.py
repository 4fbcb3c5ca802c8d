"""Cancelling a redemption restores the original lots with their expiry; what has lapsed meanwhile is at once unusable."""

from datetime import timedelta

import pytest

from nanzhu_local.platform import LocalPlatform
from support.bank import TODAY, open_bank


@pytest.mark.parametrize(("cancel_on_day", "available", "expired"), [(7, 100, 0), (12, 0, 100)])
def test_points_come_back_to_their_lots(platform: LocalPlatform, cancel_on_day: int, available: int, expired: int) -> None:
    bank = open_bank(platform)
    expires_on = (TODAY + timedelta(days=10)).isoformat()
    bank.post("redemption", "grants", {"customer_no": "C1", "points": 100, "point_type": "base", "reason": "vector", "expires_on": expires_on, **bank.serial()})
    bank.advance(TODAY + timedelta(days=5))
    redeemed = bank.post("redemption", "redemptions", bank.spend("C1", 100))
    bank.advance(TODAY + timedelta(days=cancel_on_day))
    bank.post("redemption", f"redemptions/{redeemed['redemption_id']}/refunds", {"points": 100, **bank.serial()})
    account = bank.account("C1")
    assert (account["available"], account["balances"][0]["expired"]) == (available, expired)
    assert bank.violations() == {}
