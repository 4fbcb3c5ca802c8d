"""Use case: make the settlement batches of all parties of a business date."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.idempotency import Answer
from settlement.application.make_batch import Making, make, movements_of
from settlement.application.ports import BeginSettling, NewId
from settlement.domain.batches import points_by_kind

#: Who made what the job makes: nobody who could review it.
MADE_BY: Final = "job:make-batches"


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeBatches:
    """Makes what is missing: a batch for every party whose points moved on the date, or that points were used in. A second run changes nothing."""

    begin: BeginSettling
    clock: Clock
    new_id: NewId

    def __call__(self, legal_entity: str, business_on: date) -> int | Answer:
        """Return how many batches were made, or the refusal that says why the date cannot be settled."""
        with self.begin() as work:
            movements = movements_of(work, legal_entity, business_on)
            if isinstance(movements, Answer):
                return movements
            making = Making(legal_entity=legal_entity, business_on=business_on, by=MADE_BY, at=self.clock.now(), new_id=self.new_id)
            parties = sorted(points_by_kind(movements).items())
            return sum(make(work, making, party, movements, by_kind) is not None for party, by_kind in parties)
