"""Approve or reject a merge, or its undoing: a checker decides what somebody else asked for."""

from dataclasses import dataclass, replace

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.persistence.entity_dates import Entity
from loyalty_shared.web.idempotency import Answer
from redemption.application.answering import refused
from redemption.application.merge_numbers import merge_numbers, part_numbers
from redemption.application.staff_calls import StaffCall, answer_once, refusal_of_checker
from redemption.application.staff_ports import BeginStaffWork, StaffWork
from redemption.application.staff_shown import shown_merge
from redemption.domain.merging import Merge, MergeStatus
from redemption.domain.refusals import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveMerge:
    """Merges two numbers, or undoes a merge, as somebody else asked."""

    begin: BeginStaffWork
    clock: Clock

    def __call__(self, call: StaffCall, merge_id: str) -> Answer:
        """Return the merge, merged or undone; or why the caller cannot decide, `already-merged`, `merge-not-in-force`."""

        def approve(work: StaffWork, entity: Entity) -> Answer:
            merge = _find_to_decide(work, call, merge_id)
            if isinstance(merge, Answer):
                return merge
            do = merge_numbers if merge.status is MergeStatus.PENDING else part_numbers
            return decided(work, call, do(work, entity, merge, call.credential, self.clock))

        return answer_once(self.begin, self.clock, call, approve)


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectMerge:
    """Ends a merge that was asked for without merging; of a merge whose undoing was asked for, lets it stand."""

    begin: BeginStaffWork
    clock: Clock

    def __call__(self, call: StaffCall, merge_id: str) -> Answer:
        """Return the merge, rejected or merged; or why the caller cannot decide."""

        def reject(work: StaffWork, entity: Entity) -> Answer:
            merge = _find_to_decide(work, call, merge_id)
            if isinstance(merge, Answer):
                return merge
            if merge.status is MergeStatus.PENDING:
                return decided(work, call, replace(merge, status=MergeStatus.REJECTED, decided_by=call.credential))
            return decided(work, call, replace(merge, status=MergeStatus.MERGED, undo_asked_by=None))

        return answer_once(self.begin, self.clock, call, reject)


def decided(work: StaffWork, call: StaffCall, outcome: Merge | Refusal) -> Answer:
    """Write what has become of a merge and return the answer that shows it, or the refusal's."""
    if isinstance(outcome, Refusal):
        return refused(outcome)
    work.merges.change(call.legal_entity, outcome)
    return Answer(shown_merge(outcome))


def _find_to_decide(work: StaffWork, call: StaffCall, merge_id: str) -> Merge | Answer:
    """Return a merge that waits for a decision, locked; or `merge-unknown`, `maker-cannot-approve`, `function-not-granted`, `merge-not-pending`."""
    merge = work.merges.find_for_update(call.legal_entity, merge_id)
    if merge is None:
        return refused(Refusal.MERGE_UNKNOWN)
    asked_by = merge.undo_asked_by if merge.status is MergeStatus.UNDO_PENDING else merge.made_by
    if asked_by is not None and (refusal := refusal_of_checker(call, asked_by)) is not None:
        return refusal
    return merge if merge.status in (MergeStatus.PENDING, MergeStatus.UNDO_PENDING) else refused(Refusal.MERGE_NOT_PENDING)
