"""Make an adjustment: a maker asks that points be given or taken."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.persistence.entity_dates import Entity
from loyalty_shared.web.idempotency import Answer
from redemption.application.answering import refused
from redemption.application.online_ports import NewId
from redemption.application.staff_calls import StaffCall, answer_once
from redemption.application.staff_ports import BeginStaffWork, StaffWork
from redemption.application.staff_shown import shown_adjustment
from redemption.domain.adjusting import Adjustment
from redemption.domain.refusals import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjusting:
    """What a maker asks for. `points` signed, not 0; `expires_on` None: what is given never expires."""

    customer_no: str
    points: int
    point_type: str
    reason: str
    evidence: Mapping[str, Any] | list[Any] | str | None
    expires_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeAdjustment:
    """Keeps what a maker asks for; nothing moves until a checker approves it. Giving opens an account, taking needs one."""

    begin: BeginStaffWork
    clock: Clock
    new_id: NewId

    def __call__(self, call: StaffCall, asked: Adjusting) -> Answer:
        """Return the adjustment, pending; or `point-type-unknown`, `limit-exceeded`, `customer-unknown`."""

        def make(work: StaffWork, entity: Entity) -> Answer:
            if asked.point_type not in work.find_point_types(call.legal_entity, entity.business_on):
                return refused(Refusal.POINT_TYPE_UNKNOWN)
            if abs(asked.points) > work.find_adjustment_points_max(call.legal_entity, entity.business_on):
                return refused(Refusal.LIMIT_EXCEEDED)
            if asked.points < 0 and work.accounts.find(call.legal_entity, asked.customer_no, entity.business_on) is None:
                return refused(Refusal.CUSTOMER_UNKNOWN)
            made = Adjustment(
                adjustment_id=self.new_id(),
                customer_no=asked.customer_no,
                points=asked.points,
                point_type=asked.point_type,
                reason=asked.reason,
                evidence=asked.evidence,
                expires_on=asked.expires_on,
                made_by=call.credential,
                made_at=self.clock.now(),
            )
            work.adjustments.add(call.legal_entity, made)
            return Answer(shown_adjustment(made))

        return answer_once(self.begin, self.clock, call, make)
