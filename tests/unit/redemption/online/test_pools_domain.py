"""What a pool member may spend of an owner's points."""

import pytest

from redemption.domain.pools import Standing, refusal_of_member
from redemption.domain.refusals import Refusal


def standing(limit: int | None = 100, spent: int = 0, status: str = "active") -> Standing:
    return Standing(limit_points=limit, spent_points=spent, customer_status=status)


@pytest.mark.parametrize(
    ("of", "points", "refusal"),
    [
        (None, 1, Refusal.NOT_A_POOL_MEMBER),
        (standing(), 100, None),
        (standing(), 101, Refusal.LIMIT_EXCEEDED),
        (standing(spent=60), 40, None),
        (standing(spent=60), 41, Refusal.LIMIT_EXCEEDED),
        (standing(limit=None, spent=10**9), 10**9, None),
        (standing(status="dormant"), 100, None),
        (standing(limit=None, status="blacklisted"), 1, Refusal.CUSTOMER_BLACKLISTED),
        (standing(limit=None, status="closed"), 1, Refusal.ACCOUNT_CLOSED),
        (standing(spent=100, status="closed"), 1, Refusal.ACCOUNT_CLOSED),
    ],
)
def test_a_member_spends_within_his_limit_while_he_may_spend_at_all(of: Standing | None, points: int, refusal: Refusal | None) -> None:
    assert refusal_of_member(of, points) is refusal
