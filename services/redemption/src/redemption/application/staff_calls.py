"""What staff do to accounts, and how each such call begins and ends: known by its key, done in one transaction, its answer kept with its effect."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final, TypeVar

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.persistence.entity_dates import Entity
from loyalty_shared.web.idempotency import Answer, Idempotency
from redemption.application.answering import refused
from redemption.application.ports import LedgerWork
from redemption.domain.refusals import Refusal

#: Of these no answer is kept: who calls may have changed by the next try.
NOT_KEPT: Final = frozenset({Refusal.MAKER_CANNOT_APPROVE, Refusal.FUNCTION_NOT_GRANTED})


@dataclass(frozen=True, slots=True)
class StaffCall:
    """A write by staff. `may_check`: whether they may approve what others made."""

    idempotency: Idempotency
    may_check: bool

    @property
    def legal_entity(self) -> str:
        return self.idempotency.legal_entity

    @property
    def credential(self) -> str:
        """Who calls, the same in every session of theirs."""
        return self.idempotency.credential


Work = TypeVar("Work", bound=LedgerWork)


def answer_once(begin: Callable[[], AbstractContextManager[Work]], clock: Clock, call: StaffCall, do: Callable[[Work, Entity], Answer]) -> Answer:
    """Do a call in one transaction with the entity's date held, unless it was done before, and keep its answer. Raises UnknownEntity."""
    with begin() as work:
        if (earlier := work.answers.find(call.idempotency)) is not None:
            return earlier
        answer = do(work, work.hold_date(call.legal_entity))
        return answer if answer.refusal in NOT_KEPT else work.answers.keep(call.idempotency, answer, clock.now())


def refusal_of_checker(call: StaffCall, made_by: str) -> Answer | None:
    """Return why the caller may not approve or reject what `made_by` made: it takes another person, who may check."""
    if call.credential == made_by:
        return refused(Refusal.MAKER_CANNOT_APPROVE)
    return None if call.may_check else refused(Refusal.FUNCTION_NOT_GRANTED)
