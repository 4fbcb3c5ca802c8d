"""Use case: take the ledger's entries and closed days into settlement's view of it."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from loyalty_shared.contracts.redemption import DayClosedV1, EntryPostedV1
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.messaging.records import Batch
from settlement.application.ports import RecordingWork
from settlement.domain.ledger_view import view_of


@dataclass(frozen=True, slots=True)
class RecordLedger:
    """Adds a batch of the ledger's records to the view, each exactly once. Safe to run twice: the second time it is fenced.

    Groups cannot tell whether they hold an entry, so each entry leaves eight bytes behind, by which those that a restored ledger posts again are known.
    """

    begin: Callable[[], AbstractContextManager[RecordingWork]]
    clock: Clock

    def __call__(self, batch: Batch[EntryPostedV1 | DayClosedV1]) -> None:
        with self.begin() as work:
            work.advance(batch)
            if batch.rejected:
                work.set_aside(batch, batch.rejected, self.clock.now())
            entries = [event for event in batch.events if type(event) is EntryPostedV1]
            closes = [event for event in batch.events if type(event) is DayClosedV1]
            fresh = work.not_held(batch, entries) if batch.catching_up or batch.retry_of is not None else entries
            work.remember(batch, entries, self.clock.now())
            work.add(batch.partition, view_of(fresh, closes))
