"""Keep which customer numbers became one, as the ledger says, so that limits count for the survivor."""

from collections.abc import Mapping
from dataclasses import dataclass

from accrual.application.ports import BeginUnitOfWork
from accrual.application.record_merchants import RECORDED
from loyalty_shared.contracts.redemption import CustomerMergedV1
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.messaging.records import Batch


@dataclass(frozen=True, slots=True)
class RecordMerges:
    """Records a batch of merges and undoings, in their order. Safe to run twice: each states what is so."""

    begin: BeginUnitOfWork
    clock: Clock

    def __call__(self, batch: Batch[CustomerMergedV1]) -> Mapping[str, int]:
        """Record the batch and return how many merges and undoings were recorded."""
        with self.begin() as work:
            work.offsets.advance(batch)
            for event in batch.events:
                work.merges.record(event)
            if batch.rejected:
                now = self.clock.now()
                work.dead_letters.post(work.batches.begin(now), batch.group, batch.rejected, now)
        return {RECORDED: len(batch.events)}
