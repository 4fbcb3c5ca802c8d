"""Stop an approved rule from a transaction date on."""

from dataclasses import dataclass, replace
from datetime import date

from accrual.application.ports import BeginUnitOfWork, UnitOfWork
from accrual.application.refusals import Refusal
from accrual.application.rule_changes import Call, RuleAddress, answered, change_rule, refused
from accrual.application.rule_records import RuleRecord, RuleStatus
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.idempotency import Answer


@dataclass(frozen=True, slots=True)
class StopRule:
    """Stops a version: from transaction date `on` (included) neither it nor a lower one decides. What was decided stays."""

    begin: BeginUnitOfWork
    clock: Clock

    def __call__(self, address: RuleAddress, on: date, call: Call) -> Answer:
        """Return the version as stopped; or `rule-not-approved`, `rule-already-stopped`."""

        def stop(work: UnitOfWork, record: RuleRecord) -> Answer:
            if record.status is RuleStatus.STOPPED:
                return refused(Refusal.RULE_ALREADY_STOPPED, "path.version", f"it is stopped from {record.stopped_on} on", "Approve a new version to go on.")
            if record.status is not RuleStatus.APPROVED:
                return refused(Refusal.RULE_NOT_APPROVED, "path.version", f"it is {record.status}", "Only an approved version can be stopped.")
            stopped = replace(record, status=RuleStatus.STOPPED, stopped_on=on)
            others = [one for one in work.rule_versions.list_in_force(address.legal_entity) if one.rule_no != record.rule_no]
            work.rule_versions.save(stopped)
            work.rule_versions.publish(address.legal_entity, [*others, stopped], self.clock.now())
            return answered(stopped, stopped_on=on)

        return change_rule(self.begin, self.clock, call, address, stop)
