"""A what-if run: what was asked, how far it has come, and what it has found."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

from accrual.application.history import Span
from accrual.domain.effect import Effect, sum_of


class SimulationStatus(StrEnum):
    """How far a simulation has come. A cancelled or failed one goes on from where it stopped when it is resumed."""

    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


#: Parts of a simulation: as many processes carry it out side by side.
PARTS: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationPart:
    """The customers of a simulation whom one process goes through, up to and including `until_customer`; None: to the last there is.

    `after_customer`: every customer of the part up to this one has been decided, and `effect` is what was found.
    """

    number: int
    after_customer: str
    until_customer: str | None
    effect: Effect
    is_done: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationRecord:
    """A simulation as it is kept. `rule_set`: the live rules it is compared with; `events_total` None: it has not been divided into parts."""

    simulation_id: str
    legal_entity: str
    rule: dict[str, Any]
    from_on: date
    to_on: date
    rule_set: int
    status: SimulationStatus
    made_by: str
    made_at: datetime
    events_total: int | None
    parts: tuple[SimulationPart, ...] = ()
    fault: str | None = None
    finished_at: datetime | None = None

    @property
    def span(self) -> Span:
        """Return the transaction dates that are decided again."""
        return Span(legal_entity=self.legal_entity, from_on=self.from_on, to_on=self.to_on)

    @property
    def effect(self) -> Effect:
        """Return what all its parts have found so far."""
        return sum_of(part.effect for part in self.parts)
