"""Approve or reject an extension of expiry: a checker decides what a maker asked for."""

from dataclasses import dataclass, replace

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.persistence.entity_dates import Entity
from loyalty_shared.web.idempotency import Answer
from redemption.application.answering import refused
from redemption.application.extending_ports import BeginExtendingWork, ExtendingWork, shown_extension
from redemption.application.staff_calls import StaffCall, answer_once, refusal_of_checker
from redemption.domain.extending import ExtensionStatus
from redemption.domain.refusals import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideExtension:
    """Lets an extension be carried out, or ends it."""

    begin: BeginExtendingWork
    clock: Clock

    def __call__(self, call: StaffCall, extension_id: str, status: ExtensionStatus) -> Answer:
        """Return the extension, approved or rejected; or `extension-unknown`, `maker-cannot-approve`, `function-not-granted`, `extension-not-pending`."""

        def decide(work: ExtendingWork, _entity: Entity) -> Answer:
            extension = work.extensions.find_for_update(call.legal_entity, extension_id)
            if extension is None:
                return refused(Refusal.EXTENSION_UNKNOWN)
            if (refusal := refusal_of_checker(call, extension.asked_by)) is not None:
                return refusal
            if extension.status is not ExtensionStatus.PENDING:
                return refused(Refusal.EXTENSION_NOT_PENDING)
            decided = replace(extension, status=status, decided_by=call.credential, decided_at=self.clock.now())
            work.extensions.change(call.legal_entity, decided)
            return Answer(shown_extension(decided))

        return answer_once(self.begin, self.clock, call, decide)
