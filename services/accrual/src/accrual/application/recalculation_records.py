"""A recalculation: what was asked and approved, how far it has come, and what it has posted."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from accrual.application.history import Span


class RecalculationStatus(StrEnum):
    """How far a recalculation has come: `running` from its approval on."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    REJECTED = "rejected"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What has been done: events decided anew (refunds not counted), those whose points changed, and the points given and taken."""

    events: int = 0
    changed: int = 0
    points_given: int = 0
    points_taken: int = 0

    def plus(self, more: "Totals") -> "Totals":
        """Return the sum of two."""
        return Totals(
            events=self.events + more.events,
            changed=self.changed + more.changed,
            points_given=self.points_given + more.points_given,
            points_taken=self.points_taken + more.points_taken,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RecalculationRecord:
    """A recalculation as it is kept. `customers` None: all; `rule_set`: the rules in force when it was approved; `after_customer`: all up to it are done."""

    recalculation_id: str
    legal_entity: str
    from_on: date
    to_on: date
    customers: tuple[str, ...] | None
    reason: str
    status: RecalculationStatus
    made_by: str
    made_at: datetime
    checked_by: str | None = None
    checked_at: datetime | None = None
    rule_set: int | None = None
    after_customer: str = ""
    events_total: int | None = None
    totals: Totals = Totals()
    fault: str | None = None
    finished_at: datetime | None = None

    @property
    def span(self) -> Span:
        """Return the transaction dates that are decided anew."""
        return Span(legal_entity=self.legal_entity, from_on=self.from_on, to_on=self.to_on)
