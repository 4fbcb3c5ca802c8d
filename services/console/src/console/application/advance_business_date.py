"""Use case: move an entity's business date forward."""

from dataclasses import dataclass
from datetime import date
from typing import assert_never

from console.application.calls import Call, answer_once, refused
from console.application.move_date import move_date
from console.application.ports import BeginUnitOfWork, UnitOfWork
from console.domain.entities import Advance, Unchanged, decide_advance
from console.domain.refusals import Refusal
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.idempotency import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvanceBusinessDate:
    """Closes the present business date and opens `business_on`, for every service to follow. The present date again changes nothing.

    Refusals: `business-date-moves-back`, `entity-unknown`.
    """

    begin: BeginUnitOfWork
    clock: Clock

    def __call__(self, call: Call, business_on: date) -> Answer:
        now = self.clock.now()

        def decide(work: UnitOfWork) -> Answer:
            present_on = work.entities.find_business_on_for_update(call.legal_entity)
            if present_on is None:
                return Answer({"reasons": []}, Refusal.ENTITY_UNKNOWN)
            match decide_advance(present_on, business_on):
                case Advance() as advance:
                    move_date(work, call.legal_entity, advance, call.by, now)
                    return Answer({"business_on": business_on})
                case Unchanged():
                    return Answer({"business_on": business_on})
                case Refusal() as refusal:
                    return refused(refusal, "body.business_on", f"{business_on} is before {present_on}", f"Send a date after {present_on}.")
                case never:
                    assert_never(never)

        return answer_once(self.begin, call.idempotency, now, decide)
