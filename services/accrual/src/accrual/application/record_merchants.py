"""Keep what the merchant service says about merchants, so that rules can see it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from accrual.application.admission import REPEATED
from accrual.application.ports import BeginUnitOfWork
from loyalty_shared.contracts.merchant import MerchantChangedV1
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.messaging.records import Batch
from loyalty_shared.persistence.dead_letters import Fault

#: The outcome of a change that was new, in metrics.
RECORDED: Final = "recorded"


@dataclass(frozen=True, slots=True)
class RecordMerchants:
    """Records a batch of merchants' changes. Safe to run twice: a change that is not later than what is known changes nothing.

    A decision sees the facts that were recorded before it, and its refunds must see the same: so no decision is under way while facts are recorded, and the
    batch numbers tell for ever which came first.
    """

    begin: BeginUnitOfWork
    clock: Clock

    def __call__(self, batch: Batch[MerchantChangedV1]) -> Mapping[str, int]:
        """Record the batch and return how many changes met each outcome."""
        with self.begin() as work:
            work.offsets.advance(batch)
            entities = work.entities.hold_dates_exclusively({event.legal_entity for event in batch.events})
            rejected = list(batch.rejected)
            for index, event in enumerate(batch.events):
                if event.legal_entity not in entities:
                    detail = f"legal_entity: {event.legal_entity!r} is not known here; open it at the console, then retry this dead letter"
                    rejected.append(batch.reject(index, Fault.UNKNOWN_ENTITY, detail, legal_entity=event.legal_entity, source_system=None))
            latest: dict[tuple[str, str], MerchantChangedV1] = {}
            for event in batch.events:
                if event.legal_entity in entities:
                    known = latest.setdefault((event.legal_entity, event.merchant_no), event)
                    if (event.changed_at, event.version) > (known.changed_at, known.version):
                        latest[event.legal_entity, event.merchant_no] = event
            now = self.clock.now()
            batch_no = work.batches.begin(now)  # under the exclusive locks: above the number of every decision that has not seen these facts
            recorded = work.merchants.add(batch_no, [latest[key] for key in sorted(latest)])
            work.dead_letters.post(batch_no, batch.group, rejected, now)
        outcomes = Counter(letter.fault.value for letter in rejected)
        outcomes.update({RECORDED: recorded, REPEATED: len(batch.events) + len(batch.rejected) - len(rejected) - recorded})
        return outcomes
