"""How every write begins and ends: the key first, one change of a merchant at a time, the answer kept with its effect."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.idempotency import Answer, Idempotency
from merchant.application.ports import BeginUnitOfWork, UnitOfWork
from merchant.domain.merchants import Merchant
from merchant.domain.refusals import Refusal

#: For each refusal: the part of the call it is about, the fault, and what to do.
REASONS: Final[Mapping[Refusal, tuple[str, str, str]]] = {
    Refusal.MERCHANT_UNKNOWN: ("path.merchant_no", "no such merchant in this entity", "GET merchants lists those there are."),
    Refusal.MERCHANT_ALREADY_REGISTERED: ("body.merchant_no", "a merchant of this number is registered", "Choose another number, or leave it out."),
    Refusal.MERCHANT_NOT_APPLIED: ("path.merchant_no", "the merchant does not wait for approval", "GET the merchant shows its status."),
    Refusal.MERCHANT_NOT_ACTIVE: ("path.merchant_no", "the merchant is not active", "Only an active merchant can be suspended."),
    Refusal.MERCHANT_NOT_SUSPENDED: ("path.merchant_no", "the merchant is not suspended", "Only a suspended merchant can be resumed."),
    Refusal.MERCHANT_TERMINATED: ("path.merchant_no", "the merchant is terminated, for good", "Register it again under another number."),
    Refusal.MAKER_CANNOT_APPROVE: ("header.Authorization", "this credential made what is to be approved", "Have another person check it."),
    Refusal.FUNCTION_NOT_GRANTED: ("header.Authorization", "the credential lacks the function", "Use a credential with function checker."),
    Refusal.STORE_UNKNOWN: ("path.store_no", "the merchant has no such store", "GET stores lists those there are."),
    Refusal.STORE_ALREADY_REGISTERED: ("body.store_no", "the merchant has a store of this number", "Choose another number, or PUT the store."),
    Refusal.CONTRACT_UNKNOWN: ("path.contract_no", "the merchant has no such contract", "GET contracts lists those there are."),
    Refusal.CONTRACT_ALREADY_REGISTERED: ("body.contract_no", "the merchant has a contract of this number", "Choose another number."),
    Refusal.CONTRACT_NOT_APPLIED: ("path.contract_no", "the contract does not wait for approval", "GET contracts shows its status."),
    Refusal.CONTRACT_OVERLAPS: ("path.contract_no", "an approved contract covers some of its dates", "Make one whose dates no other covers."),
}

#: Of these no answer is kept: who calls may have changed by the next try.
NOT_KEPT: Final = frozenset({Refusal.MAKER_CANNOT_APPROVE, Refusal.FUNCTION_NOT_GRANTED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Who calls, under which Idempotency-Key, and whether they may check what others made."""

    idempotency: Idempotency
    credential: str
    may_check: bool

    @property
    def legal_entity(self) -> str:
        return self.idempotency.legal_entity


def refused(refusal: Refusal) -> Answer:
    """Return a refusal with its reason."""
    path, fault, remedy = REASONS[refusal]
    return Answer({"reasons": [{"path": path, "fault": fault, "remedy": remedy}]}, refusal)


def answer_once(begin: BeginUnitOfWork, clock: Clock, call: Call, do: Callable[[UnitOfWork], Answer]) -> Answer:
    """Do a write in one transaction, unless it was done before, and keep its answer."""
    with begin() as work:
        if (earlier := work.answers.find(call.idempotency)) is not None:
            return earlier
        work.entities.get(call.legal_entity)
        answer = do(work)
        return answer if answer.refusal in NOT_KEPT else work.answers.keep(call.idempotency, answer, clock.now())


def change_merchant(begin: BeginUnitOfWork, clock: Clock, call: Call, merchant_no: str, change: Callable[[UnitOfWork, Merchant], Answer]) -> Answer:
    """Do a write on one merchant under its lock, unless it was done before, and keep its answer. Refusal: `merchant-unknown`."""

    def locked(work: UnitOfWork) -> Answer:
        merchant = work.merchants.find_for_update(call.legal_entity, merchant_no)
        return refused(Refusal.MERCHANT_UNKNOWN) if merchant is None else change(work, merchant)

    return answer_once(begin, clock, call, locked)
