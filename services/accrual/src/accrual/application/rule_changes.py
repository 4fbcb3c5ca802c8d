"""What every step of a rule's way has alike: the key first, one change of the entity's rules at a time, the answer kept with its effect."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from accrual.application.ports import BeginUnitOfWork, UnitOfWork
from accrual.application.refusals import NOT_KEPT, Refusal
from accrual.application.rule_records import RuleRecord
from accrual.domain.rule import Rule
from accrual.domain.rule_document import rule_from_document
from accrual.domain.rule_set import RuleVersion
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.idempotency import Answer, Idempotency


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Who calls, under which Idempotency-Key, and whether they may check what others made."""

    idempotency: Idempotency
    credential: str
    may_check: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleAddress:
    """One version of a rule of an entity."""

    legal_entity: str
    code: str
    version: int


def refused(refusal: Refusal, path: str, fault: str, remedy: str) -> Answer:
    """Return a refusal with one reason."""
    return Answer({"reasons": [{"path": path, "fault": fault, "remedy": remedy}]}, refusal)


def change_rule(begin: BeginUnitOfWork, clock: Clock, call: Call, address: RuleAddress, change: Callable[[UnitOfWork, RuleRecord], Answer]) -> Answer:
    """Do one step on one version, under the entity's rules lock, and keep its answer."""
    with begin() as work:
        earlier = work.answers.find(call.idempotency)
        if earlier is not None:
            return earlier
        work.entities.get(address.legal_entity)
        work.rule_versions.lock(address.legal_entity)
        record = work.rule_versions.find(address.legal_entity, address.code, address.version)
        if record is None:
            remedy = "GET rules lists the versions there are."
            answer = refused(Refusal.RULE_UNKNOWN, "path.version", f"rule {address.code} has no version {address.version}", remedy)
        else:
            answer = change(work, record)
        if answer.refusal in NOT_KEPT:
            return answer
        return work.answers.keep(call.idempotency, answer, clock.now())


def version_of(record: RuleRecord) -> RuleVersion:
    """Return the version as a member of a rule set; its document fitted when it was saved."""
    rule = rule_from_document(record.document)
    assert isinstance(rule, Rule), f"rule version {record.rule_no} was saved and no longer fits: {rule}"
    return RuleVersion(rule_no=record.rule_no, version=record.version, rule=rule, stopped_on=record.stopped_on)


def answered(record: RuleRecord, **more: Any) -> Answer:
    """Return where a version stands now."""
    return Answer({"code": record.code, "version": record.version, "status": record.status, **more})
