"""From accrual's summaries, one for each of its batches, to the mart."""

from dataclasses import dataclass

from loyalty_shared.contracts.accrual import BatchDecidedV1
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.messaging.records import Batch
from reporting.application.ports import BeginRecording


@dataclass(frozen=True, slots=True)
class RecordDecisions:
    """Adds what accrual decided to the mart. Safe to run twice: the second time it is fenced.

    A restored accrual decides again what it had decided, in other batches, and says so of them: those are passed by.
    """

    begin: BeginRecording
    clock: Clock

    def __call__(self, batch: Batch[BatchDecidedV1]) -> None:
        with self.begin() as work:
            work.advance(batch)
            if batch.events and not batch.catching_up:
                work.add_decided(batch.events)
            if batch.rejected:
                work.set_aside(batch, batch.rejected, self.clock.now())
