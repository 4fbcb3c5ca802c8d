"""Use case: a checker approves rates, which are in force from then on by their dates."""

from dataclasses import dataclass

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.idempotency import Answer
from merchant.application.answering import Call, change_merchant, refused
from merchant.application.ports import BeginUnitOfWork, UnitOfWork
from merchant.application.shown import shown_contract
from merchant.domain.contracts import decide_approval
from merchant.domain.merchants import Merchant, MerchantStatus
from merchant.domain.refusals import Refusal


@dataclass(frozen=True, slots=True)
class ApproveContract:
    """Approves a contract that somebody else made. Refusals: `contract-unknown`, `contract-not-applied`, `contract-overlaps`, `maker-cannot-approve`."""

    begin: BeginUnitOfWork
    clock: Clock

    def __call__(self, call: Call, merchant_no: str, contract_no: str) -> Answer:
        def approve(work: UnitOfWork, merchant: Merchant) -> Answer:
            if merchant.status is MerchantStatus.TERMINATED:
                return refused(Refusal.MERCHANT_TERMINATED)
            contract = work.contracts.find(call.legal_entity, merchant_no, contract_no)
            if contract is None:
                return refused(Refusal.CONTRACT_UNKNOWN)
            active = work.contracts.list_active(call.legal_entity, merchant_no, contract.effective_from, contract.effective_to)
            decided = decide_approval(contract, active, by=call.credential, at=self.clock.now())
            if decided is not Refusal.MAKER_CANNOT_APPROVE and not call.may_check:
                return refused(Refusal.FUNCTION_NOT_GRANTED)
            if isinstance(decided, Refusal):
                return refused(decided)
            work.contracts.save(call.legal_entity, merchant_no, decided)
            return Answer(shown_contract(decided))

        return change_merchant(self.begin, self.clock, call, merchant_no, approve)
