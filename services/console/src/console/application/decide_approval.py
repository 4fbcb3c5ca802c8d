"""Use case: a checker approves or rejects what another asked for."""

from dataclasses import dataclass, replace
from datetime import date, datetime

from console.application.calls import Call, answer_once, refused
from console.application.move_date import announce_retention
from console.application.ports import BeginUnitOfWork, UnitOfWork
from console.application.shown import show_approval
from console.domain.announcements import changed_from
from console.domain.approvals import Approval, ApprovalStatus, refusal_of_decision
from console.domain.audit import Deed
from console.domain.parameters import PARAMETERS, VersionStatus, in_force
from console.domain.refusals import Refusal
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.idempotency import Answer

_FAULTS = {
    Refusal.MAKER_CANNOT_APPROVE: ("header.Authorization", "you made this request", "Have another person decide on it."),
    Refusal.FUNCTION_NOT_GRANTED: ("header.Authorization", "the credential lacks it", "Use a credential with function checker."),
    Refusal.ALREADY_DECIDED: ("path.approval_id", "it has been decided on", "GET approvals shows what came of it."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideApproval:
    """Approves, which makes it so in the same transaction and tells every service; or rejects.

    Refusals: `approval-unknown`, `maker-cannot-approve`, `function-not-granted`, `already-decided`, `effective-on-passed`.
    """

    begin: BeginUnitOfWork
    clock: Clock

    def __call__(self, call: Call, approval_id: str, wanted: ApprovalStatus, remark: str | None) -> Answer:
        now = self.clock.now()

        def decide(work: UnitOfWork) -> Answer:
            approval = work.approvals.find_for_update(call.legal_entity, approval_id)
            if approval is None:
                return refused(Refusal.APPROVAL_UNKNOWN, "path.approval_id", f"no approval {approval_id}", "GET approvals lists them.")
            refusal = refusal_of_decision(approval, by=call.by.who, functions=call.functions)
            if refusal is not None:
                return refused(refusal, *_FAULTS[refusal])
            decided = replace(approval, status=wanted, decided_by=call.by.who, decided_at=now, remark=remark)
            if wanted is ApprovalStatus.APPROVED and (passed := _passed(work, approval)) is not None:
                return passed
            work.approvals.save(decided)
            action = f"{approval.kind}.{wanted}"
            work.audit.note(
                Deed(legal_entity=call.legal_entity, action=action, subject=approval.subject, before=approval.before, after=approval.after), call.by, now
            )
            _make_it_so(work, decided, now)
            return Answer(show_approval(decided))

        return answer_once(self.begin, call.idempotency, now, decide)


def _passed(work: UnitOfWork, approval: Approval) -> Answer | None:
    """Return the refusal of what was to begin on a date that has passed while the request waited."""
    entity = work.entities.find(approval.legal_entity)
    if entity is None or PARAMETERS[approval.subject].may_begin(date.fromisoformat(approval.after["effective_on"]), entity.business_on):
        return None
    fault = f"it was to begin on {approval.after['effective_on']}, and the business date is {entity.business_on}"
    return refused(Refusal.EFFECTIVE_ON_PASSED, "path.approval_id", fault, "Reject it; it can be asked for again from a later date.")


def _make_it_so(work: UnitOfWork, decided: Approval, now: datetime) -> None:
    version = work.parameters.decide(decided.legal_entity, decided.approval_id, VersionStatus(decided.status.value))
    if version.status is not VersionStatus.APPROVED:
        return
    # What holds from that date, which is not this version when a later one of the same date was approved before: followers keep the last they hear.
    holding = in_force(work.parameters.list_versions(decided.legal_entity, version.name), version.effective_on)
    assert holding is not None
    work.announcements.post([changed_from(decided.legal_entity, holding), *announce_retention(work, decided.legal_entity)], now)
