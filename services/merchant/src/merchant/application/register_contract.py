"""Use case: a maker registers rates agreed with a merchant, which then wait for a checker."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.idempotency import Answer
from merchant.application.answering import Call, change_merchant, refused
from merchant.application.ports import BeginUnitOfWork, UnitOfWork
from merchant.application.shown import shown_contract
from merchant.domain.contracts import Contract
from merchant.domain.merchants import Merchant, MerchantStatus
from merchant.domain.refusals import Refusal

#: Makes the contract from its maker's credential and the present instant.
MakeContract = Callable[[str, datetime], Contract]


@dataclass(frozen=True, slots=True)
class RegisterContract:
    """Registers a contract. Refusals: `merchant-unknown`, `merchant-terminated`, `contract-already-registered`."""

    begin: BeginUnitOfWork
    clock: Clock

    def __call__(self, call: Call, merchant_no: str, make: MakeContract) -> Answer:
        def register(work: UnitOfWork, merchant: Merchant) -> Answer:
            if merchant.status is MerchantStatus.TERMINATED:
                return refused(Refusal.MERCHANT_TERMINATED)
            contract = make(call.credential, self.clock.now())
            if not work.contracts.add(call.legal_entity, merchant_no, contract):
                return refused(Refusal.CONTRACT_ALREADY_REGISTERED)
            return Answer(shown_contract(contract))

        return change_merchant(self.begin, self.clock, call, merchant_no, register)
