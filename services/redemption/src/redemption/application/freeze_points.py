"""Freeze points: they stay the customer's, and cannot be spent."""

from dataclasses import dataclass
from datetime import date

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.persistence.entity_dates import Entity
from loyalty_shared.web.idempotency import Answer
from redemption.application.answering import refused
from redemption.application.online_ports import NewId
from redemption.application.staff_calls import StaffCall, answer_once
from redemption.application.staff_ports import BeginStaffWork, StaffWork
from redemption.application.staff_shown import shown_freeze
from redemption.domain.freezing import FREEZES_MAX, Freeze, KeptFreeze
from redemption.domain.refusals import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Freezing:
    """What is asked to be frozen. `points` None: all; `until`: the last business date, None: until it is lifted."""

    customer_no: str
    points: int | None
    reason: str
    until: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FreezePoints:
    """Freezes points of an account, from now on. What is held already can still be captured; points still arrive, lapse and are taken back."""

    begin: BeginStaffWork
    clock: Clock
    new_id: NewId

    def __call__(self, call: StaffCall, asked: Freezing) -> Answer:
        """Return the freeze; or `customer-unknown`, `until-has-passed`, `too-many-freezes`."""

        def freeze(work: StaffWork, entity: Entity) -> Answer:
            if asked.until is not None and asked.until < entity.business_on:
                return refused(Refusal.UNTIL_HAS_PASSED)
            account = work.accounts.find_for_update(call.legal_entity, asked.customer_no, entity.business_on)
            if account is None or account.version == 0:
                return refused(Refusal.CUSTOMER_UNKNOWN)
            if len(account.freezes) >= FREEZES_MAX:
                return refused(Refusal.TOO_MANY_FREEZES)
            kept = KeptFreeze(
                freeze=Freeze(self.new_id(), asked.points, asked.until),
                customer_no=account.customer_no,
                reason=asked.reason,
                frozen_by=call.credential,
                frozen_at=self.clock.now(),
            )
            work.freezes.add(call.legal_entity, kept)
            return Answer(shown_freeze(kept, entity.business_on))

        return answer_once(self.begin, self.clock, call, freeze)
