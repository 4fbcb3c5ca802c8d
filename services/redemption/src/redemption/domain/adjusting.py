"""Adjustments: points that staff give or take outside rules and redemptions. Asked for by one person, posted once another has approved."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from loyalty_shared.contracts.accrual import Cause
from loyalty_shared.kernel.points import POINTS_MAX
from redemption.domain.account import OWN_SOURCE, Account
from redemption.domain.entries import Kind, Origin, issued
from redemption.domain.grants import GRANTING_INSTITUTION, GRANTING_PARTY
from redemption.domain.lots import LotKey, LotPart, total
from redemption.domain.point_types import PointType
from redemption.domain.refusals import Refusal


class AdjustmentStatus(StrEnum):
    """What has become of an adjustment. It leaves `PENDING` once, for good."""

    PENDING = "pending"
    POSTED = "posted"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """Points asked to be given (positive) or taken. `expires_on` None: what is given never expires."""

    adjustment_id: str
    customer_no: str
    points: int
    point_type: str
    reason: str
    evidence: Mapping[str, Any] | list[Any] | str | None
    expires_on: date | None
    made_by: str
    made_at: datetime
    status: AdjustmentStatus = AdjustmentStatus.PENDING
    checked_by: str | None = None
    checked_at: datetime | None = None


def adjust(account: Account, points: int, point_type: PointType, expires_on: date | None, cause: Cause) -> Refusal | None:
    """Give or take `points` (signed) of a settled account, or return why not.

    Given points are the bank's expense, in a lot of their own expiry. Points are taken in the order of spending, from what is available only, against the
    parties that funded them; what is missing is owed where the type may go negative and nothing is frozen.
    """
    return _give(account, points, point_type.code, expires_on, cause) if points > 0 else _take(account, -points, point_type, cause)


def _give(account: Account, points: int, point_type: str, expires_on: date | None, cause: Cause) -> Refusal | None:
    totals = account.totals.get(point_type)
    if totals is not None and totals.net + points > POINTS_MAX:
        return Refusal.LIMIT_EXCEEDED
    account.credit(LotKey(point_type, None, expires_on, GRANTING_PARTY, GRANTING_INSTITUTION), points, _origin(GRANTING_PARTY, cause))
    return None


def _take(account: Account, points: int, point_type: PointType, cause: Cause) -> Refusal | None:
    if account.is_frozen:
        return Refusal.ACCOUNT_FROZEN
    parts = account.pick(points, (point_type.code,))
    missing = points - total(parts)
    if missing and (not point_type.negative_allowed or any(lot.point_type == point_type.code for lot in account.frozen())):
        return Refusal.INSUFFICIENT_POINTS
    if missing + account.arrears.get(point_type.code, 0) > POINTS_MAX:
        return Refusal.LIMIT_EXCEEDED
    by_party: defaultdict[str, list[LotPart]] = defaultdict(list)
    for part in parts:
        by_party[part.lot.party].append(part)
    account.hold(parts)
    for party, theirs in by_party.items():
        account.capture(theirs, _origin(party, cause))
    if missing:
        account.take_back(point_type.code, missing, None, _origin(GRANTING_PARTY, cause))
    return None


def cause_of_adjustment(adjustment_id: str) -> Cause:
    """Return the cause of an adjustment's entries."""
    return Cause(kind="adjustment", source_system=OWN_SOURCE, no=adjustment_id)


def _origin(party: str, cause: Cause) -> Origin:
    return Origin(kind=Kind.ADJUSTED, counter_account=issued(party), cause=cause)
