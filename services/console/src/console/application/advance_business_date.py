"""Use case: move an entity's business date forward."""

from dataclasses import dataclass
from datetime import date
from typing import assert_never

from console.application.ports import BeginUnitOfWork
from console.domain.announcements import advanced_from
from console.domain.entities import Advance, Unchanged, decide_advance
from console.domain.refusals import Refusal
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.idempotency import Answer, Idempotency


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvanceBusinessDate:
    """Closes the present business date and opens `business_on`, for every service to follow. The present date again changes nothing.

    Refusals: `business-date-moves-back`, `entity-unknown`.
    """

    begin: BeginUnitOfWork
    clock: Clock

    def __call__(self, call: Idempotency, business_on: date) -> Answer:
        now = self.clock.now()
        with self.begin() as work:
            if (earlier := work.answers.find(call)) is not None:
                return earlier
            present_on = work.entities.find_business_on_for_update(call.legal_entity)
            if present_on is None:
                return Answer({"reasons": []}, Refusal.ENTITY_UNKNOWN)
            match decide_advance(present_on, business_on):
                case Advance() as advance:
                    work.entities.advance(call.legal_entity, advance, by=call.credential, at=now)
                    work.announcements.post([advanced_from(call.legal_entity, advance)], now)
                    answer = Answer({"business_on": business_on})
                case Unchanged():
                    answer = Answer({"business_on": business_on})
                case Refusal() as refusal:
                    reason = {"path": "body.business_on", "fault": f"{business_on} is before {present_on}", "remedy": f"Send a date after {present_on}."}
                    answer = Answer({"reasons": [reason]}, refusal)
                case never:
                    assert_never(never)
            return work.answers.keep(call, answer, now)
