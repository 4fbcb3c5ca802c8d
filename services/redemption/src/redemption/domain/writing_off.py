"""Arrears that the bank gives up: asked for by one person, posted once another has approved."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final, NamedTuple

from loyalty_shared.contracts.accrual import Cause
from redemption.domain.account import OWN_SOURCE, Account
from redemption.domain.entries import Kind, Origin, issued
from redemption.domain.grants import GRANTING_PARTY

#: The age bands of arrears by the days since they began: each up to its number, the last one open.
AGE_BANDS: Final = (30, 90, 180, 365)


class WriteOffStatus(StrEnum):
    """What has become of a write-off. It leaves `PENDING` once, for good."""

    PENDING = "pending"
    POSTED = "posted"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteOff:
    """Arrears of one type to be given up. `points`: what was owed when it was asked for, and once it is posted what was written off."""

    write_off_id: str
    customer_no: str
    point_type: str
    points: int
    reason: str
    made_by: str
    made_at: datetime
    status: WriteOffStatus = WriteOffStatus.PENDING
    checked_by: str | None = None
    checked_at: datetime | None = None


class Owed(NamedTuple):
    """What a customer owes of one type, and since which business date."""

    since_on: date
    customer_no: str
    point_type: str
    points: int


class AgeBand(NamedTuple):
    """Arrears of one type and age: `days_from` to `days_to` (included; None: open) since they began."""

    point_type: str
    days_from: int
    days_to: int | None
    customers: int
    points: int


def write_off(account: Account, asked: WriteOff) -> int:
    """Give up what the account owes, but no more than was asked for, and return how many points: the sum of postings rises by them, no lot changes."""
    origin = Origin(
        kind=Kind.WRITTEN_OFF,
        counter_account=issued(GRANTING_PARTY),
        cause=Cause(kind="arrears-write-off", source_system=OWN_SOURCE, no=asked.write_off_id),
    )
    return account.forgive(asked.point_type, asked.points, origin)
