"""Save a rule as a draft: the next version of its code."""

from dataclasses import dataclass
from typing import Any

from accrual.application.named_campaigns import campaigns_named, fault_of_campaign
from accrual.application.ports import BeginUnitOfWork
from accrual.application.refusals import Refusal
from accrual.application.rule_changes import Call, answered, version_of
from accrual.domain.conflicts import find_conflicts
from accrual.domain.conflicts_within import conflicts_within
from accrual.domain.most_points import faults_of_overflow
from accrual.domain.rule import Rule
from accrual.domain.rule_document import rule_from_document
from accrual.domain.rule_faults import Fault
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.idempotency import Answer


@dataclass(frozen=True, slots=True)
class SaveRule:
    """Saves a maker's rule. Drafts decide nothing; a new version of a code is a draft of its own, beside the one in force."""

    begin: BeginUnitOfWork
    clock: Clock

    def __call__(self, legal_entity: str, document: dict[str, Any], call: Call) -> Answer:
        """Return the draft's code, version and its conflicts, with approved rules and within itself; or `rule-not-valid` with the path of each fault."""
        rule = rule_from_document(document)
        if not isinstance(rule, Rule):
            return Answer({"reasons": reasons_of(rule, "body")}, Refusal.RULE_NOT_VALID)
        with self.begin() as work:
            earlier = work.answers.find(call.idempotency)
            if earlier is not None:
                return earlier
            work.entities.get(legal_entity)
            work.rule_versions.lock(legal_entity)
            now = self.clock.now()
            unknown = fault_of_campaign(rule, campaigns_named(work, legal_entity, [rule]))
            if unknown:
                return Answer({"reasons": reasons_of(unknown, "body")}, Refusal.RULE_NOT_VALID)
            in_force = [version_of(record) for record in work.rule_versions.list_in_force(legal_entity)]
            too_many = faults_of_overflow(rule, in_force)
            if too_many:
                return Answer({"reasons": reasons_of(too_many, "body")}, Refusal.RULE_NOT_VALID)
            conflicts = (*find_conflicts(rule, in_force), *conflicts_within(rule))
            draft = work.rule_versions.add(legal_entity, rule.code, document, call.credential, now)
            return work.answers.keep(call.idempotency, answered(draft, conflicts=conflicts), now)


def reasons_of(faults: tuple[Fault, ...], within: str, what: str = "rule") -> list[dict[str, str]]:
    """Return a document's faults as a problem's reasons; `within` is where in the request the document, a `what`, stands."""
    return [
        {"path": f"{within}.{fault.path}" if fault.path else within, "fault": fault.message, "remedy": f"Correct it and send the {what} again."}
        for fault in faults
    ]
