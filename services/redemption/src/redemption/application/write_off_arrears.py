"""Write off arrears: a maker asks for it, a checker approves or rejects."""

from dataclasses import dataclass, replace

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.persistence.entity_dates import Entity
from loyalty_shared.web.idempotency import Answer
from redemption.application.answering import refused
from redemption.application.online_ports import NewId
from redemption.application.staff_calls import StaffCall, answer_once, refusal_of_checker
from redemption.application.staff_ports import BeginStaffWork, StaffWork
from redemption.application.staff_shown import shown_write_off
from redemption.domain.refusals import Refusal
from redemption.domain.writing_off import WriteOff, WriteOffStatus, write_off


@dataclass(frozen=True, slots=True, kw_only=True)
class AskWriteOff:
    """Keeps that a maker asks the bank to give up what a customer owes of one type, as much as that is now."""

    begin: BeginStaffWork
    clock: Clock
    new_id: NewId

    def __call__(self, call: StaffCall, customer_no: str, point_type: str, reason: str) -> Answer:
        """Return the write-off, pending; or `customer-unknown`, `no-arrears`."""

        def ask(work: StaffWork, entity: Entity) -> Answer:
            account = work.accounts.find(call.legal_entity, customer_no, entity.business_on)
            if account is None:
                return refused(Refusal.CUSTOMER_UNKNOWN)
            owed = account.arrears.get(point_type, 0)
            if not owed:
                return refused(Refusal.NO_ARREARS)
            asked = WriteOff(
                write_off_id=self.new_id(),
                customer_no=account.customer_no,
                point_type=point_type,
                points=owed,
                reason=reason,
                made_by=call.credential,
                made_at=self.clock.now(),
            )
            work.write_offs.add(call.legal_entity, asked)
            return Answer(shown_write_off(asked))

        return answer_once(self.begin, self.clock, call, ask)


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideWriteOff:
    """Approves or rejects what somebody else asked for. No more is written off than was asked for, nor than is still owed."""

    begin: BeginStaffWork
    clock: Clock
    decision: WriteOffStatus

    def __call__(self, call: StaffCall, write_off_id: str) -> Answer:
        """Return the write-off; or `write-off-unknown`, `maker-cannot-approve`, `function-not-granted`, `write-off-not-pending`, `no-arrears`."""

        def decide(work: StaffWork, entity: Entity) -> Answer:
            asked = work.write_offs.find_for_update(call.legal_entity, write_off_id)
            if asked is None:
                return refused(Refusal.WRITE_OFF_UNKNOWN)
            if (refusal := refusal_of_checker(call, asked.made_by)) is not None:
                return refusal
            if asked.status is not WriteOffStatus.PENDING:
                return refused(Refusal.WRITE_OFF_NOT_PENDING)
            points = asked.points if self.decision is WriteOffStatus.REJECTED else self._post(work, entity, asked)
            if not points:
                return refused(Refusal.NO_ARREARS)
            decided = replace(asked, status=self.decision, points=points, checked_by=call.credential, checked_at=self.clock.now())
            work.write_offs.decide(call.legal_entity, decided)
            return Answer(shown_write_off(decided))

        return answer_once(self.begin, self.clock, call, decide)

    def _post(self, work: StaffWork, entity: Entity, asked: WriteOff) -> int:
        account = work.accounts.find_for_update(entity.legal_entity, asked.customer_no, entity.business_on)
        assert account is not None
        points = write_off(account, asked)
        work.accounts.post(account, self.clock.now())
        return points
