"""What the use cases need of the world around them."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from loyalty_shared.contracts.redemption import EntryPostedV1
from loyalty_shared.messaging.records import Batch as Records
from loyalty_shared.persistence.dead_letters import Rejected
from loyalty_shared.persistence.entity_dates import Entity
from loyalty_shared.web.idempotency import Answer, Idempotency
from settlement.domain.batches import Batch, Line, Movements
from settlement.domain.cost import CostPerPoint
from settlement.domain.ledger_view import LedgerView
from settlement.domain.reconciliation import BatchSums, Closed


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Who calls, under which Idempotency-Key, and whether they may check what others made."""

    idempotency: Idempotency
    credential: str
    may_check: bool


class RecordingWork(Protocol):
    """One transaction that takes records of the ledger."""

    def advance(self, batch: Records[Any]) -> None:
        """Move the consumer's place past the records. Raises Fenced when another owner has gone on."""
        ...

    def not_held(self, batch: Records[Any], entries: Sequence[EntryPostedV1]) -> Sequence[EntryPostedV1]:
        """Return the entries that an earlier epoch of the ledger did not bring."""
        ...

    def remember(self, batch: Records[Any], entries: Sequence[EntryPostedV1], at: datetime) -> None:
        """Keep what tells these entries' repeats, should the ledger be restored and post them again."""
        ...

    def add(self, partition: int, view: LedgerView) -> None:
        """Add to the view of the ledger what records of one partition brought."""
        ...

    def set_aside(self, batch: Records[Any], rejected: Sequence[Rejected], at: datetime) -> None:
        """Keep the records that could not be read."""
        ...


class LedgerDays(Protocol):
    """The view of the ledger, a date at a time."""

    def find_closed(self, legal_entity: str, business_on: date) -> Closed | None:
        """Return what a date was closed with, None until the close has come on every partition; kept from being rebuilt until the transaction ends."""
        ...

    def load(self, legal_entity: str, business_on: date) -> Movements:
        """Return all that moved on a date, spends in the order they were posted."""
        ...

    def is_party(self, legal_entity: str, party: str) -> bool:
        """Tell whether points of the party, or used in it, were ever posted."""
        ...

    def list_closed(self, legal_entity: str, *, before: date | None, limit: int) -> list[date]:
        """Return the dates whose close has come on every partition, newest first, those before a date where one is given."""
        ...


class Batches(Protocol):
    """Settlement batches and their lines."""

    def add(self, batch: Batch, lines: Sequence[Line]) -> bool:
        """Write a new batch; False when its party has one of that date."""
        ...

    def find_for_update(self, legal_entity: str, batch_id: str) -> Batch | None: ...

    def change(self, batch: Batch) -> None:
        """Write how far a batch has come, and by whom."""
        ...

    def sums_of(self, legal_entity: str, business_on: date) -> list[BatchSums]:
        """Return the batches made of a date, with what their lines come to."""
        ...


class SettlingWork(Protocol):
    """One transaction on settlement batches."""

    @property
    def answers(self) -> "Answers": ...
    @property
    def days(self) -> LedgerDays: ...
    @property
    def batches(self) -> Batches: ...

    def get_entity(self, legal_entity: str) -> Entity:
        """Return the entity. Raises UnknownEntity."""
        ...

    def cost_per_point(self, legal_entity: str, business_on: date) -> CostPerPoint:
        """Return what a point costs on a date."""
        ...

    def count_violations(self, legal_entity: str, since: date, now: datetime) -> dict[str, int]:
        """Return how often each invariant of the entity's batches does not hold; those of lines for business dates from `since` on."""
        ...

    def publish(self, batch: Batch, at: datetime) -> None:
        """Announce what has become of a batch."""
        ...


class Answers(Protocol):
    """The answers kept for Idempotency-Keys."""

    def find(self, call: Idempotency) -> Answer | None: ...

    def keep(self, call: Idempotency, answer: Answer, at: datetime) -> Answer: ...


BeginSettling = Callable[[], AbstractContextManager[SettlingWork]]
NewId = Callable[[], str]
