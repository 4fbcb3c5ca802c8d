"""From the ledger's topic to the mart: one row per group per batch, never one per entry."""

from dataclasses import dataclass

from loyalty_shared.contracts.redemption import DayClosedV1, EntryPostedV1
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.messaging.records import Batch
from reporting.application.ports import BeginRecording
from reporting.domain.postings import groups_from


@dataclass(frozen=True, slots=True)
class RecordEntries:
    """Adds a batch of entries, and the closes of days among them, to the mart. Safe to run twice: the second time it is fenced.

    A ledger that was restored publishes again, under new numbers, what it had published; those batches, and a dead letter tried again, are compared
    by cause with what is held.
    """

    begin: BeginRecording
    clock: Clock

    def __call__(self, batch: Batch[EntryPostedV1 | DayClosedV1]) -> None:
        entries = [event for event in batch.events if isinstance(event, EntryPostedV1)]
        days = [event for event in batch.events if isinstance(event, DayClosedV1)] if len(entries) < len(batch.events) else []
        groups = groups_from(entries)  # before the transaction: it needs nothing of the database
        with self.begin() as work:
            work.advance(batch)
            if batch.catching_up or batch.retry_of is not None:
                groups = groups_from(work.not_held(batch, entries))
            work.remember(batch, entries, self.clock.now())
            if groups:
                work.add_entries(batch.partition, groups)
            if days:
                work.close_days(days)
            if batch.rejected:
                work.set_aside(batch, batch.rejected, self.clock.now())
