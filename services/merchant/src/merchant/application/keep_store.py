"""Use case: register a merchant's store, or say how one now is."""

from dataclasses import dataclass

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.idempotency import Answer
from merchant.application.answering import Call, change_merchant, refused
from merchant.application.ports import BeginUnitOfWork, UnitOfWork
from merchant.application.shown import shown_store
from merchant.domain.merchants import Merchant, MerchantStatus
from merchant.domain.refusals import Refusal
from merchant.domain.stores import Store


@dataclass(frozen=True, slots=True)
class KeepStore:
    """Keeps a store with its terminals. Refusals: `merchant-unknown`, `merchant-terminated`, `store-already-registered` (new), `store-unknown` (not new)."""

    begin: BeginUnitOfWork
    clock: Clock

    def __call__(self, call: Call, merchant_no: str, store: Store, *, is_new: bool) -> Answer:
        def keep(work: UnitOfWork, merchant: Merchant) -> Answer:
            if merchant.status is MerchantStatus.TERMINATED:
                return refused(Refusal.MERCHANT_TERMINATED)
            if is_new and not work.stores.add(call.legal_entity, merchant_no, store):
                return refused(Refusal.STORE_ALREADY_REGISTERED)
            if not is_new and not work.stores.save(call.legal_entity, merchant_no, store):
                return refused(Refusal.STORE_UNKNOWN)
            return Answer(shown_store(store))

        return change_merchant(self.begin, self.clock, call, merchant_no, keep)
