"""Submit a draft for a checker to look at."""

from dataclasses import dataclass, replace

from accrual.application.ports import BeginUnitOfWork, UnitOfWork
from accrual.application.refusals import Refusal
from accrual.application.rule_changes import Call, RuleAddress, answered, change_rule, refused
from accrual.application.rule_records import RuleRecord, RuleStatus
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.idempotency import Answer


@dataclass(frozen=True, slots=True)
class SubmitRule:
    """Submits a draft. From here on its document is what the checker saw."""

    begin: BeginUnitOfWork
    clock: Clock

    def __call__(self, address: RuleAddress, call: Call) -> Answer:
        """Return the version as submitted, or `rule-not-draft`."""
        return change_rule(self.begin, self.clock, call, address, _submit)


def _submit(work: UnitOfWork, record: RuleRecord) -> Answer:
    if record.status is not RuleStatus.DRAFT:
        return refused(Refusal.RULE_NOT_DRAFT, "path.version", f"it is {record.status}", "Save a new version to change a rule.")
    submitted = replace(record, status=RuleStatus.SUBMITTED)
    work.rule_versions.save(submitted)
    return answered(submitted)
