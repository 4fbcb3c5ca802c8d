"""Approve or reject a file of adjustments."""

from dataclasses import dataclass, replace

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.persistence.entity_dates import Entity
from loyalty_shared.web.idempotency import Answer
from redemption.application.adjustment_file_ports import FileStatus
from redemption.application.answering import refused
from redemption.application.staff_calls import StaffCall, answer_once, refusal_of_checker
from redemption.application.staff_ports import BeginStaffWork, StaffWork
from redemption.application.staff_shown import shown_file
from redemption.domain.refusals import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideAdjustmentFile:
    """Gives a pending file the status that a checker decides on: `approved`, and its lines are posted from now on, or `rejected`."""

    begin: BeginStaffWork
    clock: Clock
    decision: FileStatus

    def __call__(self, call: StaffCall, file_id: str) -> Answer:
        """Return the file; or `file-unknown`, `maker-cannot-approve`, `function-not-granted`, `file-not-pending`."""

        def decide(work: StaffWork, entity: Entity) -> Answer:
            file = work.files.find_for_update(entity.legal_entity, file_id)
            if file is None:
                return refused(Refusal.FILE_UNKNOWN)
            if (refusal := refusal_of_checker(call, file.made_by)) is not None:
                return refusal
            if file.status is not FileStatus.PENDING:
                return refused(Refusal.FILE_NOT_PENDING)
            decided = replace(file, status=self.decision, checked_by=call.credential, checked_at=self.clock.now())
            work.files.decide(call.legal_entity, decided)
            return Answer(shown_file(decided))

        return answer_once(self.begin, self.clock, call, decide)
