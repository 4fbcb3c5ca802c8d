"""Use case: check all that must hold of settlement, for its metrics and for whoever asks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from loyalty_shared.kernel.clock import Clock
from settlement.application.ports import BeginSettling
from settlement.application.reconcile_day import ReconcileDay
from settlement.domain.reconciliation import Reconciliation

#: Dates that are checked by themselves: the last closed ones. Older ones are checked when someone asks for their reconciliation.
DATES_CHECKED: Final = 7
TIES: Final = "days-tie-to-the-ledger"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """How often an invariant does not hold; 0 is what it should be."""

    name: str
    violations: int
    checked_at: datetime


@dataclass(frozen=True, slots=True)
class CheckBooks:
    """Reconciles the last closed dates, each in a transaction of its own, and checks what must hold of batches. Writes nothing."""

    begin: BeginSettling
    clock: Clock

    def __call__(self, legal_entity: str) -> list[Checked]:
        """Return every invariant of an entity, checked now."""
        dates = self.list_closed(legal_entity, before=None, limit=DATES_CHECKED)
        reconcile = ReconcileDay(self.begin)
        breaks = sum(len(done.breaks) for on in dates if isinstance(done := reconcile(legal_entity, on), Reconciliation))
        now = self.clock.now()
        with self.begin() as work:
            counted = work.count_violations(legal_entity, since=min(dates, default=date.min), now=now)
        return [Checked(name=name, violations=violations, checked_at=now) for name, violations in {TIES: breaks, **counted}.items()]

    def list_closed(self, legal_entity: str, *, before: date | None, limit: int) -> Sequence[date]:
        """Return the entity's closed dates, newest first, those before a date where one is given."""
        with self.begin() as work:
            return work.days.list_closed(legal_entity, before=before, limit=limit)
