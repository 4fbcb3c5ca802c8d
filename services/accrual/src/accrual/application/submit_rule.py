"""Submit a draft for a checker to look at."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from accrual.application.history import Span
from accrual.application.ports import BeginUnitOfWork, UnitOfWork
from accrual.application.refusals import Refusal
from accrual.application.rule_changes import Call, RuleAddress, answered, change_rule, refused, version_of
from accrual.application.rule_records import RuleRecord, RuleStatus
from accrual.application.run_simulations import effect_on_sample
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.idempotency import Answer

#: How far back from the business date (included) the events are that a submitted rule is tried on.
SAMPLE_DAYS: Final = 31


@dataclass(frozen=True, slots=True)
class SubmitRule:
    """Submits a draft. From here on its document is what the checker saw."""

    begin: BeginUnitOfWork
    clock: Clock

    def __call__(self, address: RuleAddress, call: Call) -> Answer:
        """Return the version as submitted, with what it would have changed lately; or `rule-not-draft`."""
        return change_rule(self.begin, self.clock, call, address, _submit)


def _submit(work: UnitOfWork, record: RuleRecord) -> Answer:
    if record.status is not RuleStatus.DRAFT:
        return refused(Refusal.RULE_NOT_DRAFT, "path.version", f"it is {record.status}", "Save a new version to change a rule.")
    submitted = replace(record, status=RuleStatus.SUBMITTED)
    work.rule_versions.save(submitted)
    return answered(submitted, effect=_effect_of(work, submitted))


def _effect_of(work: UnitOfWork, record: RuleRecord) -> dict[str, Any]:
    """Return what the rule would have changed of a sample of the latest events, as if its own dates had held them: a checker has to see it at once."""
    until = work.entities.get(record.legal_entity).business_on + timedelta(days=1)
    span = Span(legal_entity=record.legal_entity, from_on=until - timedelta(days=SAMPLE_DAYS), to_on=until)
    effect = effect_on_sample(work, span, replace(version_of(record).rule, applies_from=None, applies_to=None))
    events, before, after = effect.total
    return {
        "from": span.from_on,
        "to": span.to_on,
        "events": events,
        "points_before": before,
        "points_after": after,
        "customers": effect.customers_after,
    }
