"""Approve or reject an adjustment: a checker decides what a maker asked for."""

from dataclasses import dataclass, replace

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.persistence.entity_dates import Entity
from loyalty_shared.web.idempotency import Answer
from redemption.application.answering import refused
from redemption.application.staff_calls import StaffCall, answer_once, refusal_of_checker
from redemption.application.staff_ports import BeginStaffWork, StaffWork
from redemption.application.staff_shown import shown_adjustment
from redemption.domain.adjusting import Adjustment, AdjustmentStatus, adjust, cause_of_adjustment
from redemption.domain.point_types import PointType
from redemption.domain.refusals import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveAdjustment:
    """Posts what somebody else asked for. Refused for want of points, it stays pending, and may be approved later under another key."""

    begin: BeginStaffWork
    clock: Clock

    def __call__(self, call: StaffCall, adjustment_id: str) -> Answer:
        """Return the adjustment, posted; or what `adjust` refuses, or why the caller cannot decide."""

        def approve(work: StaffWork, entity: Entity) -> Answer:
            made = find_to_decide(work, call, adjustment_id)
            if isinstance(made, Answer):
                return made
            point_type = work.find_point_types(call.legal_entity, entity.business_on).get(made.point_type)
            refusal = Refusal.POINT_TYPE_UNKNOWN if point_type is None else _post(work, entity, made, point_type, self.clock)
            if refusal is not None:
                return refused(refusal)
            return _decided(work, call, made, AdjustmentStatus.POSTED, self.clock)

        return answer_once(self.begin, self.clock, call, approve)


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectAdjustment:
    """Ends an adjustment without posting it."""

    begin: BeginStaffWork
    clock: Clock

    def __call__(self, call: StaffCall, adjustment_id: str) -> Answer:
        """Return the adjustment, rejected; or why the caller cannot decide."""

        def reject(work: StaffWork, entity: Entity) -> Answer:
            made = find_to_decide(work, call, adjustment_id)
            return made if isinstance(made, Answer) else _decided(work, call, made, AdjustmentStatus.REJECTED, self.clock)

        return answer_once(self.begin, self.clock, call, reject)


def find_to_decide(work: StaffWork, call: StaffCall, adjustment_id: str) -> Adjustment | Answer:
    """Return a pending adjustment, locked; or the refusal: `adjustment-unknown`, `maker-cannot-approve`, `function-not-granted`, `adjustment-not-pending`."""
    made = work.adjustments.find_for_update(call.legal_entity, adjustment_id)
    if made is None:
        return refused(Refusal.ADJUSTMENT_UNKNOWN)
    if (refusal := refusal_of_checker(call, made.made_by)) is not None:
        return refusal
    return made if made.status is AdjustmentStatus.PENDING else refused(Refusal.ADJUSTMENT_NOT_PENDING)


def _post(work: StaffWork, entity: Entity, made: Adjustment, point_type: PointType, clock: Clock) -> Refusal | None:
    find = work.accounts.open_for_update if made.points > 0 else work.accounts.find_for_update
    account = find(entity.legal_entity, made.customer_no, entity.business_on)
    if account is None:
        return Refusal.CUSTOMER_UNKNOWN
    now = clock.now()
    work.holds.end_expired(account, now)
    refusal = adjust(account, made.points, point_type, made.expires_on, cause_of_adjustment(made.adjustment_id))
    work.accounts.post(account, now)
    return refusal


def _decided(work: StaffWork, call: StaffCall, made: Adjustment, status: AdjustmentStatus, clock: Clock) -> Answer:
    decided = replace(made, status=status, checked_by=call.credential, checked_at=clock.now())
    work.adjustments.decide(call.legal_entity, decided)
    return Answer(shown_adjustment(decided))
