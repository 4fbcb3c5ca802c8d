"""What the use cases of staff ask of the outside, in their own words."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from redemption.application.adjustment_file_ports import AdjustmentFiles
from redemption.application.import_ports import Imports
from redemption.application.online_ports import Holds
from redemption.application.pool_ports import Pools
from redemption.application.ports import LedgerWork
from redemption.domain.account import Account
from redemption.domain.adjusting import Adjustment, AdjustmentStatus
from redemption.domain.freezing import KeptFreeze
from redemption.domain.merging import CameBy, Merge
from redemption.domain.point_types import PointType
from redemption.domain.writing_off import AgeBand, Owed, WriteOff, WriteOffStatus


class Freezes(Protocol):
    """What keeps customers' points from being spent. Whoever changes a freeze holds its account's lock."""

    def find(self, legal_entity: str, freeze_id: str) -> KeptFreeze | None:
        """Return a freeze; None when there is none of that id."""
        ...

    def list_page(self, legal_entity: str, customer_no: str | None, after: str | None, limit: int) -> Sequence[KeptFreeze]:
        """Return freezes, newest first, of one customer or of all, those older than `after`."""
        ...

    def add(self, legal_entity: str, kept: KeptFreeze) -> None:
        """Write a new freeze of a locked account."""
        ...

    def lift(self, legal_entity: str, kept: KeptFreeze, by: str, at: datetime) -> None:
        """Write that a freeze of a locked account was lifted."""
        ...

    def list_due(self, legal_entity: str, on: date, limit: int) -> Sequence[str]:
        """Return customers, in key order, with a freeze whose last date has passed and whose end is not written yet."""
        ...

    def lock_accounts(self, legal_entity: str, customers: Sequence[str]) -> None:
        """Lock accounts, in key order."""
        ...

    def end_due(self, legal_entity: str, customers: Sequence[str], on: date, at: datetime) -> None:
        """Write the end of the freezes of locked accounts whose last date has passed."""
        ...


class Adjustments(Protocol):
    """What makers ask for, one by one."""

    def find(self, legal_entity: str, adjustment_id: str) -> Adjustment | None:
        """Return an adjustment; None when there is none of that id."""
        ...

    def find_for_update(self, legal_entity: str, adjustment_id: str) -> Adjustment | None:
        """Return an adjustment, locked, before its account is; None when there is none of that id."""
        ...

    def list_page(self, legal_entity: str, customer_no: str | None, status: AdjustmentStatus | None, after: str | None, limit: int) -> Sequence[Adjustment]:
        """Return adjustments, newest first, of one customer and status or of all, those older than `after`."""
        ...

    def add(self, legal_entity: str, made: Adjustment) -> None:
        """Write a new adjustment."""
        ...

    def decide(self, legal_entity: str, decided: Adjustment) -> None:
        """Write what has become of a locked adjustment."""
        ...


class Merges(Protocol):
    """Customer numbers that became one. Whoever changes a merge holds its row, then the accounts: merged ones first, then in key order."""

    def find(self, legal_entity: str, merge_id: str) -> Merge | None:
        """Return a merge, for reading."""
        ...

    def find_for_update(self, legal_entity: str, merge_id: str) -> Merge | None:
        """Return a merge, locked."""
        ...

    def list_page(self, legal_entity: str, customer_no: str | None, after: str | None, limit: int) -> Sequence[Merge]:
        """Return merges, newest first, of one number or of all, those older than `after`."""
        ...

    def list_unknown(self, legal_entity: str, customer_nos: Sequence[str]) -> Sequence[str]:
        """Return which of the numbers neither have an account nor were ever announced."""
        ...

    def list_in_order_of_locks(self, legal_entity: str, customer_nos: Sequence[str]) -> Sequence[str]:
        """Return the numbers, and those merged into them, as they have to be locked: merged ones first, then by key."""
        ...

    def add(self, legal_entity: str, merge: Merge) -> None:
        """Write a merge that was asked for."""
        ...

    def change(self, legal_entity: str, merge: Merge) -> None:
        """Write what has become of a merge."""
        ...

    def join(self, source: Account, survivor: Account) -> tuple[str, ...]:
        """Let the survivor answer for the source and all that were merged into that; return the freezes that come over."""
        ...

    def part(self, source: Account, survivor: Account, freezes: Sequence[str]) -> None:
        """Let the source answer for itself again, and for those that were merged into it; freezes that came over and still stand go back."""
        ...

    def came_by(self, survivor: Account, customer_no: str, since_version: int) -> CameBy:
        """Return what came by a number to the survivor after an account version, what its live holds hold, and what is left of its redemptions."""
        ...

    def publish(self, legal_entity: str, merge: Merge, at: datetime, *, is_undo: bool) -> None:
        """Tell the other services that the survivor answers for both from now on, or no longer does."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrearsWanted:
    """Which arrears to list: of one customer, of one type, `days_min` old or older on a business date.

    `after`: those after this (since_on, customer_no, point_type).
    """

    customer_no: str | None
    point_type: str | None
    on: date
    days_min: int
    after: tuple[Any, ...] | None


class WriteOffs(Protocol):
    """What makers ask the bank to give up."""

    def find(self, legal_entity: str, write_off_id: str) -> WriteOff | None:
        """Return a write-off; None when there is none of that id."""
        ...

    def find_for_update(self, legal_entity: str, write_off_id: str) -> WriteOff | None:
        """Return a write-off, locked, before its account is; None when there is none of that id."""
        ...

    def list_page(self, legal_entity: str, customer_no: str | None, status: WriteOffStatus | None, after: str | None, limit: int) -> Sequence[WriteOff]:
        """Return write-offs, newest first, of one customer and status or of all, those older than `after`."""
        ...

    def add(self, legal_entity: str, asked: WriteOff) -> None:
        """Write a new write-off."""
        ...

    def decide(self, legal_entity: str, decided: WriteOff) -> None:
        """Write what has become of a locked write-off."""
        ...


class StaffWork(LedgerWork, Protocol):
    """One transaction of a call by staff."""

    @property
    def holds(self) -> Holds: ...

    @property
    def freezes(self) -> Freezes: ...

    @property
    def merges(self) -> Merges: ...

    @property
    def adjustments(self) -> Adjustments: ...

    @property
    def files(self) -> AdjustmentFiles: ...

    @property
    def imports(self) -> Imports: ...

    @property
    def write_offs(self) -> WriteOffs: ...

    @property
    def pools(self) -> Pools: ...

    def list_arrears(self, legal_entity: str, wanted: ArrearsWanted, limit: int) -> Sequence[Owed]:
        """Return what customers owe, oldest first."""
        ...

    def list_age_bands(self, legal_entity: str, on: date) -> Sequence[AgeBand]:
        """Return what is owed on a business date by type and age."""
        ...

    def find_point_types(self, legal_entity: str, on: date) -> Mapping[str, PointType]:
        """Return an entity's point types on a business date, by code."""
        ...

    def find_adjustment_points_max(self, legal_entity: str, on: date) -> int:
        """Return the most points that one adjustment may give or take on a business date."""
        ...

    def find_institution(self, legal_entity: str, customer_no: str) -> str | None:
        """Return whose the customer is; None for one never announced, or announced without an institution."""
        ...


BeginStaffWork = Callable[[], AbstractContextManager[StaffWork]]
