"""Keep the balances of accounts at the end of each day, from which their months are decided."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from accrual.application.admission import REPEATED, admit_dated, reject_repeated_keys
from accrual.application.ports import BeginUnitOfWork
from loyalty_shared.contracts.core import BalanceClosedV1
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.messaging.records import Batch

#: The outcomes of a balance that was new, in metrics; late: its month was decided before it came, which it does not change.
RECORDED: Final = "recorded"
LATE: Final = "late"


@dataclass(frozen=True, slots=True)
class RecordBalances:
    """Records a batch of balances. Safe to run twice: the same account and day with the same content changes nothing."""

    begin: BeginUnitOfWork
    clock: Clock

    def __call__(self, batch: Batch[BalanceClosedV1]) -> Mapping[str, int]:
        """Record the batch and return how many balances met each outcome."""
        with self.begin() as work:
            work.offsets.advance(batch)
            entities = work.entities.hold_dates({event.legal_entity for event in batch.events})
            admitted, rejected = admit_dated(batch, entities, field="balance_on", date_of=lambda event, entity: event.balance_on)
            now = self.clock.now()

            claim = work.balances.add([batch.events[index] for index in admitted])
            recorded = [batch.events[admitted[position]] for position in claim.fresh]
            rejected += reject_repeated_keys(batch, [admitted[position] for position in claim.conflicts], "account_no, balance_on")

            late = work.balances.open_accounts(recorded)
            work.balances.note_intake({event.legal_entity for event in recorded}, batch.partition, now)
            if rejected:
                work.dead_letters.post(work.batches.begin(now), batch.group, rejected, now)
        outcomes = Counter(letter.fault.value for letter in rejected)
        outcomes.update({RECORDED: len(recorded) - late, LATE: late, REPEATED: len(claim.repeats)})
        return outcomes
