"""A what-if run: what was asked, how far it has come, and what it has found."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from accrual.application.history import Span
from accrual.domain.effect import Effect


class SimulationStatus(StrEnum):
    """How far a simulation has come. A cancelled or failed one goes on from where it stopped when it is resumed."""

    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


#: No customer's number is empty, so this stands before all of them.
BEFORE_ALL_CUSTOMERS = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationRecord:
    """A simulation as it is kept. `after_customer`: every customer up to this one has been decided; `rule_set`: the live rules it is compared with."""

    simulation_id: str
    legal_entity: str
    rule: dict[str, Any]
    from_on: date
    to_on: date
    rule_set: int
    status: SimulationStatus
    made_by: str
    made_at: datetime
    after_customer: str
    events_total: int | None
    effect: Effect
    fault: str | None = None
    finished_at: datetime | None = None

    @property
    def span(self) -> Span:
        """Return the transaction dates that are decided again."""
        return Span(legal_entity=self.legal_entity, from_on=self.from_on, to_on=self.to_on)
