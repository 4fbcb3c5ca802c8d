"""Grants: points that a channel gives at once, outside the earning rules and their limits."""

from dataclasses import dataclass
from typing import Final

from loyalty_shared.contracts.accrual import Cause
from loyalty_shared.kernel.points import POINTS_MAX
from redemption.domain.account import Account
from redemption.domain.entries import Kind, Origin, issued
from redemption.domain.lots import LotKey
from redemption.domain.refusals import Refusal

#: Granted points are the bank's own expense, of no particular institution: the call names neither.
GRANTING_PARTY: Final = "bank"
GRANTING_INSTITUTION: Final = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Points given into a lot, and why."""

    grant_id: str
    customer_no: str
    points: int
    lot: LotKey
    reason: str


def refusal_of_grant(account: Account, point_type: str, points: int) -> Refusal | None:
    """Return why points cannot be granted: a balance stays a number that every JSON reader keeps exact."""
    totals = account.totals.get(point_type)
    return Refusal.LIMIT_EXCEEDED if totals is not None and totals.net + points > POINTS_MAX else None


def origin_of_grant(grant: Grant, channel: str) -> Origin:
    """Return why granted points are given."""
    cause = Cause(kind="grant", source_system=channel, no=grant.grant_id)
    return Origin(kind=Kind.GRANTED, counter_account=issued(grant.lot.party), cause=cause, channel=channel)


def origin_of_grant_reversal(grant: Grant, reversal_id: str, channel: str) -> Origin:
    """Return why a reversal takes granted points back."""
    cause = Cause(kind="channel-reversal", source_system=channel, no=reversal_id)
    return Origin(kind=Kind.REVERSED, counter_account=issued(grant.lot.party), cause=cause, channel=channel)
