"""Use case: hold settlement's figures of a business date against the ledger's."""

from dataclasses import dataclass
from datetime import date

from settlement.application.ports import BeginSettling
from settlement.domain.reconciliation import Reconciliation, reconcile
from settlement.domain.refusals import Refusal


@dataclass(frozen=True, slots=True)
class ReconcileDay:
    """Checks a closed date anew: its entries and points, and every batch made of it. Writes nothing."""

    begin: BeginSettling

    def __call__(self, legal_entity: str, business_on: date) -> Reconciliation | Refusal:
        """Return the checks, or why there are none: `date-not-reached`, `day-not-complete` until the close has come on every partition."""
        with self.begin() as work:
            if business_on > work.get_entity(legal_entity).business_on:
                return Refusal.DATE_NOT_REACHED
            closed = work.days.find_closed(legal_entity, business_on)
            if closed is None:
                return Refusal.DAY_NOT_COMPLETE
            return reconcile(business_on, closed, work.days.load(legal_entity, business_on), work.batches.sums_of(legal_entity, business_on))
