"""Stop a what-if run, or let it go on."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from accrual.application.ports import BeginUnitOfWork
from accrual.application.refusals import Refusal
from accrual.application.rule_changes import Call, refused
from accrual.application.simulation_records import SimulationRecord, SimulationStatus
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.idempotency import Answer

_STOPPED = (SimulationStatus.CANCELLED, SimulationStatus.FAILED)


@dataclass(frozen=True, slots=True)
class ChangeSimulation:
    """Cancels and resumes simulations. What was found before a cancellation is kept, and a resumed one goes on from there."""

    begin: BeginUnitOfWork
    clock: Clock

    def cancel(self, legal_entity: str, simulation_id: str, call: Call) -> Answer:
        """Return the simulation as cancelled: it stops within a page of history; or `simulation-not-running`."""

        def stop(record: SimulationRecord) -> SimulationRecord | Answer:
            if record.status is not SimulationStatus.RUNNING:
                return refused(Refusal.SIMULATION_NOT_RUNNING, "path.simulation_id", f"it is {record.status}", "Only a running one can be cancelled.")
            return replace(record, status=SimulationStatus.CANCELLED, finished_at=self.clock.now())

        return self._change(legal_entity, simulation_id, call, stop)

    def resume(self, legal_entity: str, simulation_id: str, call: Call) -> Answer:
        """Return the simulation as running again; or `simulation-not-stopped`."""

        def go_on(record: SimulationRecord) -> SimulationRecord | Answer:
            if record.status not in _STOPPED:
                fault = f"it is {record.status}"
                return refused(Refusal.SIMULATION_NOT_STOPPED, "path.simulation_id", fault, "Only a cancelled or failed one can be resumed.")
            return replace(record, status=SimulationStatus.RUNNING, finished_at=None, fault=None)

        return self._change(legal_entity, simulation_id, call, go_on)

    def _change(self, legal_entity: str, simulation_id: str, call: Call, change: Callable[[SimulationRecord], SimulationRecord | Answer]) -> Answer:
        with self.begin() as work:
            earlier = work.answers.find(call.idempotency)
            if earlier is not None:
                return earlier
            work.entities.get(legal_entity)
            record = work.simulations.find_for_update(legal_entity, simulation_id)
            if record is None:
                answer = refused(Refusal.SIMULATION_UNKNOWN, "path.simulation_id", "there is none of that id", "GET simulations lists those there are.")
            else:
                changed = change(record)
                if isinstance(changed, Answer):
                    answer = changed
                else:
                    work.simulations.save(changed)
                    answer = Answer({"simulation_id": simulation_id, "status": changed.status})
            return work.answers.keep(call.idempotency, answer, self.clock.now())
