"""Lift a freeze: what it kept can be spent again."""

from dataclasses import dataclass, replace

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.persistence.entity_dates import Entity
from loyalty_shared.web.idempotency import Answer
from redemption.application.answering import refused
from redemption.application.staff_calls import StaffCall, answer_once
from redemption.application.staff_ports import BeginStaffWork, StaffWork
from redemption.application.staff_shown import shown_freeze
from redemption.domain.freezing import FreezeStatus
from redemption.domain.refusals import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class LiftFreeze:
    """Lifts a freeze. Repeated, or when the freeze has ended by itself, it changes nothing: there is nothing left to lift."""

    begin: BeginStaffWork
    clock: Clock

    def __call__(self, call: StaffCall, freeze_id: str) -> Answer:
        """Return the freeze, lifted; or `freeze-unknown`."""

        def lift(work: StaffWork, entity: Entity) -> Answer:
            kept = work.freezes.find(call.legal_entity, freeze_id)
            if kept is None:
                return refused(Refusal.FREEZE_UNKNOWN)
            work.freezes.lock_accounts(call.legal_entity, [kept.customer_no])
            kept = work.freezes.find(call.legal_entity, freeze_id)
            assert kept is not None
            if kept.status is FreezeStatus.FROZEN:
                now = self.clock.now()
                work.freezes.lift(call.legal_entity, kept, call.credential, now)
                kept = replace(kept, ended_by=call.credential, ended_at=now)
            return Answer(shown_freeze(replace(kept, status=FreezeStatus.LIFTED), entity.business_on))

        return answer_once(self.begin, self.clock, call, lift)
