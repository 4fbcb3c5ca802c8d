"""Family pools: members spend from the account of a pool's owner, by permission and within limits (requirements 2.1.2)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from redemption.domain.refusals import Refusal

#: A family, not a company: more members are refused as not valid.
MEMBERS_MAX: Final = 50


class PoolStatus(StrEnum):
    """What has become of a pool. Members spend from it while it is `ACTIVE`; it is never opened again."""

    PENDING = "pending"
    ACTIVE = "active"
    REJECTED = "rejected"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolMember:
    """Who may spend, and how many points in a month of business dates; None: no such limit."""

    customer_no: str
    limit_points_per_month: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """An owner's account, and who may spend from it. It has no points of its own."""

    pool_id: str
    owner_customer_no: str
    members: tuple[PoolMember, ...]
    reason: str | None
    made_by: str
    made_at: datetime
    status: PoolStatus = PoolStatus.PENDING
    checked_by: str | None = None
    checked_at: datetime | None = None
    closed_by: str | None = None
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a member stands to an owner, under the lock of the owner's account: the limit (None: none), and what he has spent or holds of it this month."""

    limit_points: int | None
    spent_points: int
    customer_status: str


def refusal_of_member(standing: Standing | None, points: int) -> Refusal | None:
    """Return why a member does not spend so many points of an owner; None of the standing: he is in no active pool of that owner.

    A blacklisted or closed customer does not spend, whoever pays. What he holds counts, what was given back does not.
    """
    if standing is None:
        return Refusal.NOT_A_POOL_MEMBER
    if standing.customer_status == "blacklisted":
        return Refusal.CUSTOMER_BLACKLISTED
    if standing.customer_status == "closed":
        return Refusal.ACCOUNT_CLOSED
    is_beyond = standing.limit_points is not None and standing.spent_points + points > standing.limit_points
    return Refusal.LIMIT_EXCEEDED if is_beyond else None
