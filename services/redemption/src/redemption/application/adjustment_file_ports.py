"""Files of adjustments as they are kept, and what their use cases ask of the outside."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from loyalty_shared.persistence.entity_dates import Entity
from redemption.application.credit_earned_points import AccountKey
from redemption.domain.account import Account
from redemption.domain.adjustment_file import FileLine, RejectedLine
from redemption.domain.point_types import PointType


class FileStatus(StrEnum):
    """What has become of a file. `approved`: it is being posted; `refused`: of an all-or-nothing file a line was bad, so nothing was posted."""

    PENDING = "pending"
    APPROVED = "approved"
    POSTED = "posted"
    REJECTED = "rejected"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFile:
    """A file as it is kept. `lines`, `points_*`: of its good lines; `lines_rejected`: bad ones, and those that could not be posted."""

    file_id: str
    file_no: str
    content_sha256: bytes
    made_on: date
    all_or_nothing: bool
    status: FileStatus
    lines: int
    points_given: int
    points_taken: int
    made_by: str
    made_at: datetime
    lines_posted: int = 0
    lines_rejected: int = 0
    posted_given: int = 0
    posted_taken: int = 0
    checked_by: str | None = None
    checked_at: datetime | None = None
    ended_at: datetime | None = None


class AdjustmentFiles(Protocol):
    """The files that were received."""

    def add(self, legal_entity: str, file: KeptFile, lines: Sequence[FileLine], rejected: Sequence[RejectedLine]) -> bool:
        """Write a new file; False, and nothing is written, when its content, or another under its number, was received before."""
        ...

    def find(self, legal_entity: str, file_id: str) -> KeptFile | None:
        """Return a file; None when there is none of that id."""
        ...

    def find_for_update(self, legal_entity: str, file_id: str) -> KeptFile | None:
        """Return a file, locked; None when there is none of that id."""
        ...

    def list_page(self, legal_entity: str, status: FileStatus | None, after: str | None, limit: int) -> Sequence[KeptFile]:
        """Return files, newest first, those older than `after`."""
        ...

    def list_rejects(self, legal_entity: str, file_id: str, after: int, limit: int) -> Sequence[RejectedLine]:
        """Return the lines that are not posted, in their order, those after line `after`."""
        ...

    def decide(self, legal_entity: str, file: KeptFile) -> None:
        """Write a checker's decision on a locked file."""
        ...

    def known_customers(self, legal_entity: str, customer_nos: Collection[str]) -> set[str]:
        """Return those who have an account or were announced by core banking."""
        ...


class PostingWork(Protocol):
    """One transaction that posts lines of an approved file."""

    def hold_dates(self, legal_entities: Collection[str]) -> Mapping[str, Entity]:
        """Keep the entities' business dates from moving until the transaction ends."""
        ...

    def find_approved(self, legal_entity: str) -> KeptFile | None:
        """Return the oldest file that is approved and not posted yet, locked; None when there is none."""
        ...

    def find_point_types(self, legal_entity: str, on: date) -> Mapping[str, PointType]:
        """Return an entity's point types on a business date, by code."""
        ...

    def list_lines(self, legal_entity: str, file_id: str, limit: int) -> Sequence[FileLine]:
        """Return the next lines to post, in the order of customer and line."""
        ...

    def load_accounts(self, keys: Sequence[AccountKey], opening: Collection[AccountKey], entities: Mapping[str, Entity], at: datetime) -> Mapping[str, Account]:
        """Return the accounts that answer for these customers, by number, locked in key order and settled; those of `opening` are made when missing.

        A customer who has none is left out. Raises AccountsChanged when one was merged meanwhile.
        """
        ...

    def post(self, accounts: Collection[Account], at: datetime) -> None:
        """Write what has become of the accounts."""
        ...

    def advance(self, legal_entity: str, file_id: str, lines: Sequence[FileLine], rejected: Sequence[RejectedLine]) -> None:
        """Write that these lines have been looked at, and which of them were not posted."""
        ...

    def end(self, legal_entity: str, file_id: str, status: FileStatus, rejected: Sequence[RejectedLine], at: datetime) -> None:
        """Write the end of a file; `rejected` are the lines for which an all-or-nothing file was refused."""
        ...


class BeginPostingWork(Protocol):
    """Opens a transaction that posts lines: committed at the block's end, rolled back when it raises."""

    def __call__(self) -> AbstractContextManager[PostingWork]: ...
