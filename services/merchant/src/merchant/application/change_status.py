"""Use case: approve, suspend, resume or terminate a merchant, and tell all who follow."""

from dataclasses import dataclass

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.idempotency import Answer
from merchant.application.answering import Call, change_merchant, refused
from merchant.application.ports import BeginUnitOfWork, UnitOfWork
from merchant.application.shown import shown_merchant
from merchant.domain.merchants import Merchant, Step, decide_step
from merchant.domain.refusals import Refusal


@dataclass(frozen=True, slots=True)
class ChangeStatus:
    """Takes a merchant one step on its way. A maker may suspend, which only keeps harm away; every other step needs a checker.

    Refusals: `merchant-unknown`, `merchant-terminated`, one for each status from which the step cannot be taken, `maker-cannot-approve`.
    """

    begin: BeginUnitOfWork
    clock: Clock

    def __call__(self, call: Call, merchant_no: str, step: Step, reason: str | None = None) -> Answer:
        def change(work: UnitOfWork, merchant: Merchant) -> Answer:
            decided = decide_step(merchant, step, by=call.credential, at=self.clock.now(), reason=reason)
            if decided is not Refusal.MAKER_CANNOT_APPROVE and step is not Step.SUSPEND and not call.may_check:
                return refused(Refusal.FUNCTION_NOT_GRANTED)
            if isinstance(decided, Refusal):
                return refused(decided)
            work.merchants.save(decided)
            work.changes.post([decided])
            return Answer(shown_merchant(decided))

        return change_merchant(self.begin, self.clock, call, merchant_no, change)
