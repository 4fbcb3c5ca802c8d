"""Use cases: review a settlement batch, then release it; neither by who made it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.idempotency import Answer
from settlement.application.ports import BeginSettling, Call
from settlement.application.refused import NOT_KEPT, refused
from settlement.application.shown import shown_head
from settlement.domain.batches import Batch
from settlement.domain.refusals import Refusal


class DecideStep(Protocol):
    """Tells what a batch is after a step by a credential, or why the step is refused."""

    def __call__(self, batch: Batch, by: str, *, may_check: bool, at: datetime) -> Batch | Refusal: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckBatch:
    """Takes a batch one step further: `decide_review` or `decide_release`."""

    begin: BeginSettling
    clock: Clock
    decide: DecideStep

    def __call__(self, call: Call, batch_id: str) -> Answer:
        """Return the batch after the step, or why it was refused."""
        with self.begin() as work:
            if (earlier := work.answers.find(call.idempotency)) is not None:
                return earlier
            now = self.clock.now()
            batch = work.batches.find_for_update(call.idempotency.legal_entity, batch_id)
            checked = Refusal.BATCH_UNKNOWN if batch is None else self.decide(batch, call.credential, may_check=call.may_check, at=now)
            if isinstance(checked, Refusal):
                answer = refused(checked)
                return answer if checked in NOT_KEPT else work.answers.keep(call.idempotency, answer, now)
            work.batches.change(checked)
            work.publish(checked, now)
            return work.answers.keep(call.idempotency, Answer(shown_head(checked)), now)
