"""Use case: ask for another value of a parameter."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from console.application.calls import Call, answer_once, refused, refused_for
from console.application.ports import BeginUnitOfWork, UnitOfWork
from console.domain.approvals import Kind
from console.domain.audit import Deed
from console.domain.parameters import PARAMETERS, in_force, value_faults
from console.domain.refusals import Refusal
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.idempotency import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposeParameter:
    """Adds a version that waits for a checker. `effective_on` None: the present business date.

    Refusals: `parameter-unknown`, `parameter-value-invalid`, `effective-on-passed`, `entity-unknown`.
    """

    begin: BeginUnitOfWork
    clock: Clock

    def __call__(self, call: Call, name: str, value: Any, effective_on: date | None, reason: str | None) -> Answer:
        now = self.clock.now()

        def decide(work: UnitOfWork) -> Answer:
            parameter, entity = PARAMETERS.get(name), work.entities.find(call.legal_entity)
            if entity is None:
                return Answer({"reasons": []}, Refusal.ENTITY_UNKNOWN)
            if parameter is None:
                return refused(Refusal.PARAMETER_UNKNOWN, "path.name", f"no parameter {name}", f"There are: {', '.join(PARAMETERS)}.")
            faults = value_faults(parameter, value)
            if faults:
                return refused_for(Refusal.PARAMETER_VALUE_INVALID, faults, f"GET parameters/{name} shows the schema.")
            begins_on = effective_on or entity.business_on
            if not parameter.may_begin(begins_on, entity.business_on):
                fault = f"{begins_on} is before the business date, {entity.business_on}"
                return refused(Refusal.EFFECTIVE_ON_PASSED, "body.effective_on", fault, "Send the business date or a later one.")
            holding = in_force(work.parameters.list_versions(call.legal_entity, name), begins_on)
            before = {"value": holding.value if holding else parameter.default, "effective_on": holding.effective_on if holding else None}
            after = {"value": value, "effective_on": begins_on}
            approval = work.approvals.add(call.legal_entity, Kind.PARAMETER, name, before, after, reason, by=call.by.who, at=now)
            version = work.parameters.add(call.legal_entity, name, value, begins_on, approval.approval_id)
            work.audit.note(Deed(legal_entity=call.legal_entity, action="parameter.proposed", subject=name, before=before, after=after), call.by, now)
            shown = {"name": name, "version": version.version, "value": value, "effective_on": begins_on}
            return Answer({**shown, "status": version.status, "approval_id": approval.approval_id})

        return answer_once(self.begin, call.idempotency, now, decide)
