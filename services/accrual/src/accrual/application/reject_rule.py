"""Reject a submitted rule."""

from dataclasses import dataclass, replace

from accrual.application.ports import BeginUnitOfWork, UnitOfWork
from accrual.application.refusals import Refusal
from accrual.application.rule_changes import Call, RuleAddress, answered, change_rule, refused
from accrual.application.rule_records import RuleRecord, RuleStatus
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.idempotency import Answer


@dataclass(frozen=True, slots=True)
class RejectRule:
    """Rejects a submitted version; it never decides. A corrected rule is a new version."""

    begin: BeginUnitOfWork
    clock: Clock

    def __call__(self, address: RuleAddress, call: Call) -> Answer:
        """Return the version as rejected, or `rule-not-submitted`."""

        def reject(work: UnitOfWork, record: RuleRecord) -> Answer:
            if record.status is not RuleStatus.SUBMITTED:
                return refused(Refusal.RULE_NOT_SUBMITTED, "path.version", f"it is {record.status}", "Only a submitted version can be rejected.")
            rejected = replace(record, status=RuleStatus.REJECTED, checked_by=call.credential, checked_at=self.clock.now())
            work.rule_versions.save(rejected)
            return answered(rejected)

        return change_rule(self.begin, self.clock, call, address, reject)
