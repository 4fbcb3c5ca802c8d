"""Go back to an earlier version of a rule, in one call."""

from dataclasses import dataclass, replace

from accrual.application.ports import BeginUnitOfWork, UnitOfWork
from accrual.application.refusals import Refusal
from accrual.application.rule_changes import Call, RuleAddress, answered, change_rule, refused, version_of
from accrual.application.rule_records import IN_FORCE, RuleRecord, RuleStatus
from accrual.domain.conflicts import find_conflicts
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.idempotency import Answer


@dataclass(frozen=True, slots=True)
class RollBackRule:
    """Puts the document of an approved version in force again, as a new version: it was approved before, so nobody has to ask for it a second time."""

    begin: BeginUnitOfWork
    clock: Clock

    def __call__(self, address: RuleAddress, call: Call) -> Answer:
        """Return the new version, approved, whose maker is that of the earlier one.

        Or `maker-cannot-approve` when the caller made the earlier one, `rule-not-approved`, `rule-already-in-force` when no higher version was approved and it
        is not stopped, or `rule-conflict` when it cannot stand beside the rules in force.
        """

        def roll_back(work: UnitOfWork, earlier: RuleRecord) -> Answer:
            if earlier.made_by == call.credential:
                return refused(Refusal.MAKER_CANNOT_APPROVE, "header.Authorization", "this credential made the version", "Have another person go back to it.")
            if earlier.status not in IN_FORCE:
                return refused(Refusal.RULE_NOT_APPROVED, "path.version", f"it is {earlier.status}", "Go back to a version that was approved.")
            in_force = work.rule_versions.list_in_force(address.legal_entity)
            later = any(one.code == earlier.code and one.version > earlier.version for one in in_force)
            if not later and earlier.status is RuleStatus.APPROVED:
                return refused(Refusal.RULE_ALREADY_IN_FORCE, "path.version", "no higher version was approved", "There is nothing to go back from.")
            blocking = [conflict for conflict in find_conflicts(version_of(earlier).rule, map(version_of, in_force)) if conflict.blocking]
            if blocking:
                reasons = [{"path": conflict.with_rule or "rule", "fault": conflict.code, "remedy": conflict.message} for conflict in blocking]
                return Answer({"reasons": reasons}, Refusal.RULE_CONFLICT)
            now = self.clock.now()
            draft = work.rule_versions.add(address.legal_entity, earlier.code, earlier.document, earlier.made_by, now)
            approved = replace(draft, status=RuleStatus.APPROVED, checked_by=call.credential, checked_at=now)
            work.rule_versions.save(approved)
            work.rule_versions.publish(address.legal_entity, [*in_force, approved], now)
            return answered(approved, rolled_back_to=earlier.version)

        return change_rule(self.begin, self.clock, call, address, roll_back)
