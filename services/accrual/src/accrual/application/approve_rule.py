"""Approve a submitted rule: from now on it decides, by the dates it applies to."""

from dataclasses import dataclass, replace

from accrual.application.ports import BeginUnitOfWork, UnitOfWork
from accrual.application.refusals import Refusal
from accrual.application.rule_changes import Call, RuleAddress, answered, change_rule, refused, version_of
from accrual.application.rule_records import RuleRecord, RuleStatus
from accrual.domain.conflicts import find_conflicts
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.idempotency import Answer


@dataclass(frozen=True, slots=True)
class ApproveRule:
    """Approves what somebody else made. An event published after this has answered is decided with the version: the consumer asks in each transaction."""

    begin: BeginUnitOfWork
    clock: Clock

    def __call__(self, address: RuleAddress, call: Call) -> Answer:
        """Return the approved version; or `maker-cannot-approve`, `rule-not-submitted`, or `rule-conflict` when it cannot stand beside the rules in force."""

        def approve(work: UnitOfWork, record: RuleRecord) -> Answer:
            if record.made_by == call.credential:
                return refused(Refusal.MAKER_CANNOT_APPROVE, "header.Authorization", "this credential made the rule", "Have another person check it.")
            if not call.may_check:
                return refused(Refusal.FUNCTION_NOT_GRANTED, "header.Authorization", "the credential lacks it", "Use a credential with function checker.")
            if record.status is not RuleStatus.SUBMITTED:
                return refused(Refusal.RULE_NOT_SUBMITTED, "path.version", f"it is {record.status}", "Only a submitted version can be approved.")
            in_force = work.rule_versions.list_in_force(address.legal_entity)
            blocking = [conflict for conflict in find_conflicts(version_of(record).rule, map(version_of, in_force)) if conflict.blocking]
            if blocking:
                reasons = [{"path": conflict.with_rule or "rule", "fault": conflict.code, "remedy": conflict.message} for conflict in blocking]
                return Answer({"reasons": reasons}, Refusal.RULE_CONFLICT)
            now = self.clock.now()
            approved = replace(record, status=RuleStatus.APPROVED, checked_by=call.credential, checked_at=now)
            work.rule_versions.save(approved)
            work.rule_versions.publish(address.legal_entity, [*in_force, approved], now)
            return answered(approved)

        return change_rule(self.begin, self.clock, call, address, approve)
