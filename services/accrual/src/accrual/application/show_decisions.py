"""Show stored decisions, and explain them from the immutable versions and facts they were made with."""

from dataclasses import dataclass
from typing import Any

from accrual.application.explained import explained
from accrual.application.facts import Place, TransactionKey
from accrual.application.ports import BeginUnitOfWork


@dataclass(frozen=True, slots=True)
class ShowDecisions:
    """Answers "why this many points?" and "why none?"."""

    begin: BeginUnitOfWork

    def find(self, key: TransactionKey) -> dict[str, Any] | None:
        """Return the decision of one transaction, refund or reversal, explained; None when the event has not come."""
        with self.begin() as work:
            work.entities.get(key[0])
            found = work.decisions.find(key)
            return None if found is None else explained(found)

    def list_of_customer(self, legal_entity: str, customer_no: str, before: Place | None, limit: int) -> list[tuple[Place, dict[str, Any]]]:
        """Return a customer's decisions with their places, newest decided first, before the given place."""
        with self.begin() as work:
            work.entities.get(legal_entity)
            return [(place, explained(one)) for place, one in work.decisions.list_of_customer(legal_entity, customer_no, before, limit)]
