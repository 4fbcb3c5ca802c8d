"""Undo a merge: what came by the old number is its own again."""

from dataclasses import dataclass, replace

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.persistence.entity_dates import Entity
from loyalty_shared.web.idempotency import Answer
from redemption.application.answering import refused
from redemption.application.decide_merge import decided
from redemption.application.merge_numbers import part_numbers
from redemption.application.staff_calls import StaffCall, answer_once
from redemption.application.staff_ports import BeginStaffWork, StaffWork
from redemption.domain.merging import MergeStatus
from redemption.domain.refusals import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoMerge:
    """Undoes a merge at once for a checker who did not ask for it, so that it takes two people; for a maker it is asked for, and a checker approves it."""

    begin: BeginStaffWork
    clock: Clock

    def __call__(self, call: StaffCall, merge_id: str) -> Answer:
        """Return the merge, undone or `undo-pending`; or `merge-unknown`, `merge-not-in-force`."""

        def undo(work: StaffWork, entity: Entity) -> Answer:
            merge = work.merges.find_for_update(call.legal_entity, merge_id)
            if merge is None:
                return refused(Refusal.MERGE_UNKNOWN)
            if merge.status not in (MergeStatus.MERGED, MergeStatus.UNDO_PENDING):
                return refused(Refusal.MERGE_NOT_IN_FORCE)
            asked_by = merge.undo_asked_by or merge.made_by
            if call.may_check and call.credential != asked_by:
                return decided(work, call, part_numbers(work, entity, merge, call.credential, self.clock))
            return decided(work, call, replace(merge, status=MergeStatus.UNDO_PENDING, undo_asked_by=call.credential))

        return answer_once(self.begin, self.clock, call, undo)
