"""Keep what the core says about customers, every version of it, so that a transaction is decided with the facts of its own time."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from accrual.application.admission import REPEATED
from accrual.application.ports import BeginUnitOfWork
from loyalty_shared.contracts.core import CustomerChangedV1
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.messaging.records import Batch
from loyalty_shared.persistence.dead_letters import Fault

#: The outcome of a change that was new, in metrics.
RECORDED: Final = "recorded"


@dataclass(frozen=True, slots=True)
class RecordCustomers:
    """Records a batch of customer changes. Safe to run twice: the same customer and `changed_at` with the same content changes nothing."""

    begin: BeginUnitOfWork
    clock: Clock

    def __call__(self, batch: Batch[CustomerChangedV1]) -> Mapping[str, int]:
        """Record the batch and return how many changes met each outcome."""
        with self.begin() as work:
            work.offsets.advance(batch)
            entities = work.entities.hold_dates({event.legal_entity for event in batch.events})
            known = [index for index, event in enumerate(batch.events) if event.legal_entity in entities]
            claim = work.customers.add([batch.events[index] for index in known])

            rejected = list(batch.rejected)
            for index, event in enumerate(batch.events):
                if event.legal_entity not in entities:
                    detail = f"legal_entity: {event.legal_entity!r} is not known here; open it at the console, then retry this dead letter"
                    rejected.append(batch.reject(index, Fault.UNKNOWN_ENTITY, detail, legal_entity=event.legal_entity, source_system=None))
            for index in (known[position] for position in claim.conflicts):
                detail = "changed_at: this customer has other facts of the same instant; nothing was changed. A correction needs a later changed_at"
                entity = batch.events[index].legal_entity
                rejected.append(batch.reject(index, Fault.CONFLICTING_CONTENT, detail, legal_entity=entity, source_system=None))
            if rejected:
                now = self.clock.now()
                work.dead_letters.post(work.batches.begin(now), batch.group, rejected, now)
        outcomes = Counter(letter.fault.value for letter in rejected)
        outcomes.update({RECORDED: len(claim.fresh), REPEATED: len(claim.repeats)})
        return outcomes
