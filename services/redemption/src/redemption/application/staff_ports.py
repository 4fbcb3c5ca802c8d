"""What the use cases of staff ask of the outside, in their own words."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import Protocol

from redemption.application.ports import LedgerWork
from redemption.domain.freezing import KeptFreeze


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


class StaffWork(LedgerWork, Protocol):
    """One transaction of a call by staff."""

    @property
    def freezes(self) -> Freezes: ...

    def find_institution(self, legal_entity: str, customer_no: str) -> str | None:
        """Return whose the customer is; None for one never announced, or announced without an institution."""
        ...


BeginStaffWork = Callable[[], AbstractContextManager[StaffWork]]
