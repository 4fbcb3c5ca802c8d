"""Show recalculations: what was asked, how far they have come, what they posted."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accrual.application.ports import BeginUnitOfWork
from accrual.application.recalculation_records import RecalculationRecord, RecalculationStatus


@dataclass(frozen=True, slots=True)
class ShowRecalculations:
    """Reads recalculations as they stand."""

    begin: BeginUnitOfWork

    def find(self, legal_entity: str, recalculation_id: str) -> dict[str, Any] | None:
        """Return one, or None. Raises UnknownEntity."""
        with self.begin() as work:
            work.entities.get(legal_entity)
            record = work.recalculations.find(legal_entity, recalculation_id)
            return None if record is None else shown(record)

    def list_page(self, legal_entity: str, before: tuple[datetime, str] | None, limit: int) -> list[RecalculationRecord]:
        """Return recalculations, newest first, made before the given one. Raises UnknownEntity."""
        with self.begin() as work:
            work.entities.get(legal_entity)
            return work.recalculations.list_page(legal_entity, before, limit)


def shown(record: RecalculationRecord) -> dict[str, Any]:
    """Return a recalculation's JSON. `percent` is 100 when it is done."""
    totals, of = record.totals, record.events_total
    percent = 100 if record.status is RecalculationStatus.DONE else min(99, 100 * totals.events // of) if of else 0
    return {
        "recalculation_id": record.recalculation_id,
        "status": record.status,
        "from": record.from_on,
        "to": record.to_on,
        "customers": record.customers,
        "reason": record.reason,
        "made_by": record.made_by,
        "made_at": record.made_at,
        "checked_by": record.checked_by,
        "checked_at": record.checked_at,
        "rule_set": record.rule_set,
        "finished_at": record.finished_at,
        "fault": record.fault,
        "progress": {"events": totals.events, "of": of, "percent": percent},
        "totals": {"events": totals.events, "changed": totals.changed, "points_given": totals.points_given, "points_taken": totals.points_taken},
    }
