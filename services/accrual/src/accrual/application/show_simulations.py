"""Show what-if runs: how far they have come, and what they found."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accrual.application.ports import BeginUnitOfWork
from accrual.application.simulation_records import SimulationRecord, SimulationStatus
from accrual.domain.cost import CostPerPoint
from accrual.domain.effect import Sums


@dataclass(frozen=True, slots=True)
class ShowSimulations:
    """Reads simulations as they stand. Money is points at what a point costs the entity on its business date."""

    begin: BeginUnitOfWork

    def find(self, legal_entity: str, simulation_id: str) -> dict[str, Any] | None:
        """Return one with all that it found, or None. Raises UnknownEntity."""
        with self.begin() as work:
            entity = work.entities.get(legal_entity)
            record = work.simulations.find(legal_entity, simulation_id)
            if record is None:
                return None
            if record.status is not SimulationStatus.DONE:
                return standing(record)
            return standing(record) | found(record, work.costs.cost_per_point(legal_entity, entity.business_on))

    def list_page(self, legal_entity: str, before: tuple[datetime, str] | None, limit: int) -> list[SimulationRecord]:
        """Return simulations, newest first, made before the given one. Raises UnknownEntity."""
        with self.begin() as work:
            work.entities.get(legal_entity)
            return work.simulations.list_page(legal_entity, before, limit)


def standing(record: SimulationRecord) -> dict[str, Any]:
    """Return what was asked and how far it has come. `percent` is 100 when it is done."""
    events, total = record.effect.total[0], record.events_total
    percent = 100 if record.status is SimulationStatus.DONE else min(99, 100 * events // total) if total else 0
    return {
        "simulation_id": record.simulation_id,
        "status": record.status,
        "rule": record.rule,
        "from": record.from_on,
        "to": record.to_on,
        "rule_set": record.rule_set,
        "made_by": record.made_by,
        "made_at": record.made_at,
        "finished_at": record.finished_at,
        "fault": record.fault,
        "progress": {"events": events, "of": total, "percent": percent},
    }


def found(record: SimulationRecord, cost: CostPerPoint) -> dict[str, Any]:
    """Return what a finished simulation found: with the draft at the top, the live rules' beside it, and the difference between them."""
    effect = record.effect
    _, points_before, points_after = effect.total
    before = {"points": points_before, "customers": effect.customers_before, "money": cost.amount_of(points_before)}
    after = {"points": points_after, "customers": effect.customers_after, "money": cost.amount_of(points_after)}
    return {
        **after,
        "currency": cost.currency,
        "cost_per_point_minor": cost.minor,
        "before": before,
        "after": after,
        "difference": {
            "points": points_after - points_before,
            "customers": effect.customers_after - effect.customers_before,
            "money": cost.amount_of(points_after - points_before),
        },
        "by_day": [{"transaction_on": on, **_group(sums, cost)} for on, sums in sorted(effect.by_day.items())],
        "by_institution": [{"institution": institution, **_group(sums, cost)} for institution, sums in sorted(effect.by_institution.items())],
    }


def _group(sums: Sums, cost: CostPerPoint) -> dict[str, int]:
    events, before, after = sums
    return {"events": events, "points": after, "money": cost.amount_of(after), "before": before, "after": after, "difference": after - before}
