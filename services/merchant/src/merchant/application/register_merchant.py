"""Use case: a maker registers a merchant, which then waits for a checker."""

from dataclasses import dataclass

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.idempotency import Answer
from merchant.application.answering import Call, answer_once, refused
from merchant.application.ports import BeginUnitOfWork, UnitOfWork
from merchant.application.shown import shown_merchant
from merchant.domain.merchants import Profile, register
from merchant.domain.refusals import Refusal


@dataclass(frozen=True, slots=True)
class RegisterMerchant:
    """Registers a merchant under the number that is given, or one of the service's own. Refusal: `merchant-already-registered`."""

    begin: BeginUnitOfWork
    clock: Clock

    def __call__(self, call: Call, merchant_no: str | None, profile: Profile) -> Answer:
        def add(work: UnitOfWork) -> Answer:
            at = self.clock.now()
            merchant = register(call.legal_entity, merchant_no or work.merchants.next_no(), profile, by=call.credential, at=at)
            added = work.merchants.add(merchant)
            while not added and merchant_no is None:  # somebody has given a number of our form himself: the next one, then
                merchant = register(call.legal_entity, work.merchants.next_no(), profile, by=call.credential, at=at)
                added = work.merchants.add(merchant)
            return Answer(shown_merchant(merchant)) if added else refused(Refusal.MERCHANT_ALREADY_REGISTERED)

        return answer_once(self.begin, self.clock, call, add)
