"""What reporting's use cases need of the outside, in their own words."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import Any, Protocol

from loyalty_shared.contracts.accrual import BatchDecidedV1
from loyalty_shared.contracts.redemption import DayClosedV1, EntryPostedV1
from loyalty_shared.messaging.records import Batch
from loyalty_shared.persistence.dead_letters import Rejected
from reporting.domain.catalogue import Code
from reporting.domain.postings import GroupKey, Sums
from reporting.domain.report import Asked
from reporting.domain.sums import Line


class RecordingWork(Protocol):
    """One transaction that adds a batch of a topic to the mart."""

    def advance(self, batch: Batch[Any]) -> None:
        """Move the consumer's place past the batch. Raises Fenced when another owner has gone on, or the mart is being rebuilt."""
        ...

    def not_held(self, batch: Batch[Any], entries: Sequence[EntryPostedV1]) -> Sequence[EntryPostedV1]:
        """Return the entries that an earlier epoch of the ledger did not bring."""
        ...

    def remember(self, batch: Batch[Any], entries: Sequence[EntryPostedV1], at: datetime) -> None:
        """Keep what tells these entries' repeats, should the ledger be restored and post them again."""
        ...

    def add_entries(self, partition: int, groups: Mapping[GroupKey, Sums]) -> None:
        """Add the groups, and the tallies that they are checked against."""
        ...

    def close_days(self, days: Sequence[DayClosedV1]) -> None:
        """Keep what the ledger says it posted on a closed date; said again, the last word counts."""
        ...

    def add_decided(self, batches: Sequence[BatchDecidedV1]) -> None:
        """Add what accrual decided, by the day it did in each entity's zone; a batch that was added before changes nothing."""
        ...

    def set_aside(self, batch: Batch[Any], rejected: Sequence[Rejected], at: datetime) -> None:
        """Keep the records that could not be read."""
        ...


class MartReading(Protocol):
    """The mart as of one moment."""

    def business_on(self, legal_entity: str) -> date:
        """Return the entity's business date. Raises UnknownEntity."""
        ...

    def complete_until(self, legal_entity: str) -> date | None:
        """Return the last date of which everything is in the mart, and of all before it; None when no date is complete."""
        ...

    def count_breaks(self, legal_entity: str, before: date) -> int:
        """Return in how many places the mart differs, on dates before the given one, from what the ledger said when it closed them."""
        ...

    def institutions_below(self, legal_entity: str, institutions: Collection[str]) -> frozenset[str]:
        """Return the institutions with all below them in the tree."""
        ...

    def knows_institution(self, legal_entity: str, institution: str) -> bool:
        """Tell whether the tree or the mart has the institution."""
        ...

    def list_lines(self, asked: Asked) -> Sequence[Line]:
        """Return the sums of the ledger's postings that a report is made from, in order of their dimensions."""
        ...

    def list_decided(self, asked: Asked) -> Mapping[tuple[str, ...], Sequence[int]]:
        """Return the sums of what accrual decided, by the report's dimensions."""
        ...


class MadeReports(Protocol):
    """The reports that were made for a day and are kept as they were."""

    def keep(self, legal_entity: str, code: Code, business_on: date, document: Mapping[str, object], at: datetime) -> bool:
        """Keep a report; False when it was kept already and says the same."""
        ...


class MakingWork(MartReading, MadeReports, Protocol):
    """One transaction that reads the mart and keeps what it shows."""


BeginReading = Callable[[], AbstractContextManager[MartReading]]
BeginMaking = Callable[[], AbstractContextManager[MakingWork]]
BeginRecording = Callable[[], AbstractContextManager[RecordingWork]]
