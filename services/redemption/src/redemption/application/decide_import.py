"""Approve or reject an import of existing points."""

from dataclasses import dataclass, replace

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.persistence.entity_dates import Entity
from loyalty_shared.web.idempotency import Answer
from redemption.application.answering import refused
from redemption.application.import_shown import shown_with_report
from redemption.application.staff_calls import StaffCall, answer_once, refusal_of_checker
from redemption.application.staff_ports import BeginStaffWork, StaffWork
from redemption.domain.importing import ImportStatus
from redemption.domain.refusals import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideImport:
    """Gives a pending import the status that a checker decides on: `approved`, and its lines are posted from now on, or `rejected`."""

    begin: BeginStaffWork
    clock: Clock
    decision: ImportStatus

    def __call__(self, call: StaffCall, import_id: str) -> Answer:
        """Return the import with its report; or `import-unknown`, `maker-cannot-approve`, `function-not-granted`, `import-not-pending`."""

        def decide(work: StaffWork, entity: Entity) -> Answer:
            kept = work.imports.find_for_update(entity.legal_entity, import_id)
            if kept is None:
                return refused(Refusal.IMPORT_UNKNOWN)
            if (refusal := refusal_of_checker(call, kept.made_by)) is not None:
                return refusal
            if kept.status is not ImportStatus.PENDING:
                return refused(Refusal.IMPORT_NOT_PENDING)
            decided = replace(kept, status=self.decision, checked_by=call.credential, checked_at=self.clock.now())
            work.imports.decide(call.legal_entity, decided)
            return Answer(shown_with_report(decided, work.imports.sums(call.legal_entity, decided)))

        return answer_once(self.begin, self.clock, call, decide)
