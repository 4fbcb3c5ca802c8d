"""Ask what a draft rule would have given: the stored history is decided again with it, in the background."""

from dataclasses import dataclass
from typing import Any

from accrual.application.drafts import campaigns_of_drafts, draft_from, refuse_clashes, with_drafts
from accrual.application.history import Span
from accrual.application.ports import BeginUnitOfWork
from accrual.application.rule_changes import Call
from accrual.application.simulation_records import SimulationRecord, SimulationStatus
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.kernel.ids import new_id
from loyalty_shared.web.idempotency import Answer


@dataclass(frozen=True, slots=True)
class StartSimulation:
    """Starts a what-if run. It is compared with the live rules of this moment, whatever is approved while it runs."""

    begin: BeginUnitOfWork
    clock: Clock

    def __call__(self, document: dict[str, Any], span: Span, call: Call) -> Answer:
        """Return the simulation's id; or `rule-not-valid`, `rule-conflict`. Raises UnknownEntity."""
        draft = draft_from(document, "body.rule")
        if isinstance(draft, Answer):
            return draft
        with self.begin() as work:
            earlier = work.answers.find(call.idempotency)
            if earlier is not None:
                return earlier
            work.entities.get(span.legal_entity)
            live = work.rules.in_force({span.legal_entity})[span.legal_entity]
            now = self.clock.now()
            campaigns = campaigns_of_drafts(work, span.legal_entity, {"body.rule": draft})
            if isinstance(campaigns, Answer):
                return campaigns
            clashing = refuse_clashes(with_drafts(live, [draft], campaigns), [draft], "body.rule")
            if clashing is not None:
                return work.answers.keep(call.idempotency, clashing, now)
            record = SimulationRecord(
                simulation_id=new_id(),
                legal_entity=span.legal_entity,
                rule=document,
                from_on=span.from_on,
                to_on=span.to_on,
                rule_set=live.number,
                status=SimulationStatus.RUNNING,
                made_by=call.credential,
                made_at=now,
                events_total=None,
            )
            work.simulations.add(record)
            return work.answers.keep(call.idempotency, Answer({"simulation_id": record.simulation_id, "status": record.status}), now)
