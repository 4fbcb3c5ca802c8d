"""Imports as they are kept, how they are shown, and what their use cases ask of the outside."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple, Protocol

from loyalty_shared.persistence.entity_dates import Entity
from redemption.application.credit_earned_points import AccountKey
from redemption.domain.account import Account
from redemption.domain.import_report import ImportSums
from redemption.domain.importing import Conversion, ImportLine, ImportStatus
from redemption.domain.point_types import PointType


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptImport:
    """An import as it is kept. `source`: the system that the points were in; `lines`, `old_points`: the file's control totals."""

    import_id: str
    source: str
    file_no: str
    content_sha256: bytes
    made_on: date
    point_type: str
    conversion: Conversion
    status: ImportStatus
    lines: int
    old_points: int
    made_by: str
    made_at: datetime
    checked_by: str | None = None
    checked_at: datetime | None = None
    ended_at: datetime | None = None


class AuditedLine(NamedTuple):
    """A line and the ledger's entry of it, None where it is not posted."""

    line: ImportLine
    entry_id: str | None
    points: int | None


class Imports(Protocol):
    """The imports that were received."""

    def add(self, legal_entity: str, kept: KeptImport, lines: Sequence[ImportLine]) -> bool:
        """Write a new import; False, and nothing is written, when its content, or another under its number, was received before.

        Trials and rejected imports do not count.
        """
        ...

    def find(self, legal_entity: str, import_id: str) -> KeptImport | None:
        """Return an import; None when there is none of that id."""
        ...

    def find_for_update(self, legal_entity: str, import_id: str) -> KeptImport | None:
        """Return an import, locked; None when there is none of that id."""
        ...

    def list_page(self, legal_entity: str, status: ImportStatus | None, after: str | None, limit: int) -> Sequence[KeptImport]:
        """Return imports, newest first, those older than `after`."""
        ...

    def list_rejected(self, legal_entity: str, import_id: str, after: int, limit: int) -> Sequence[ImportLine]:
        """Return the lines that are not posted and will not be, in their order, those after line `after`."""
        ...

    def list_audited(self, legal_entity: str, import_id: str, after: int, limit: int) -> Sequence[AuditedLine]:
        """Return all lines with their entries, in their order, those after line `after`."""
        ...

    def sums(self, legal_entity: str, kept: KeptImport) -> ImportSums:
        """Return an import's lines by what has become of them, and what the ledger has of it."""
        ...

    def decide(self, legal_entity: str, kept: KeptImport) -> None:
        """Write a checker's decision on a locked import."""
        ...


class ImportingWork(Protocol):
    """One transaction that posts lines of an approved import."""

    def hold_dates(self, legal_entities: Collection[str]) -> Mapping[str, Entity]:
        """Keep the entities' business dates from moving until the transaction ends."""
        ...

    def find_approved(self, legal_entity: str) -> KeptImport | None:
        """Return the oldest import that is approved and not posted yet, locked; None when there is none."""
        ...

    def find_point_types(self, legal_entity: str, on: date) -> Mapping[str, PointType]:
        """Return an entity's point types on a business date, by code."""
        ...

    def list_waiting(self, legal_entity: str, import_id: str, limit: int) -> Sequence[ImportLine]:
        """Return the next lines to post, in the order of customer and line."""
        ...

    def load_accounts(self, keys: Sequence[AccountKey], opening: Collection[AccountKey], entities: Mapping[str, Entity], at: datetime) -> Mapping[str, Account]:
        """Return the accounts that answer for these customers, by number, locked in key order and settled; those of `opening` are made when missing.

        Raises AccountsChanged when one was merged meanwhile.
        """
        ...

    def post(self, accounts: Collection[Account], at: datetime) -> None:
        """Write what has become of the accounts."""
        ...

    def record(self, legal_entity: str, import_id: str, lines: Sequence[ImportLine]) -> None:
        """Write what has become of these lines."""
        ...

    def end(self, legal_entity: str, import_id: str, at: datetime) -> None:
        """Write that all lines have been looked at."""
        ...


class BeginImportingWork(Protocol):
    """Opens a transaction that posts lines: committed at the block's end, rolled back when it raises."""

    def __call__(self) -> AbstractContextManager[ImportingWork]: ...
