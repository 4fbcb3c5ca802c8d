"""Show stored decisions, and explain them from the immutable versions and facts they were made with."""

from dataclasses import dataclass
from typing import Any

from accrual.application.explained import earlier_told, explained
from accrual.application.facts import Place, TransactionKey
from accrual.application.ports import BeginUnitOfWork
from accrual.domain.trigger import Trigger


@dataclass(frozen=True, slots=True)
class ShowDecisions:
    """Answers "why this many points?" and "why none?"."""

    begin: BeginUnitOfWork

    def find(self, key: TransactionKey, trigger: Trigger = Trigger.TRANSACTION) -> dict[str, Any] | None:
        """Return the decision of one event of a trigger's numbering (refunds and reversals: transactions'), explained; None when it has not come.

        `earlier`: the decisions whose place recalculations took, latest first.
        """
        with self.begin() as work:
            work.entities.get(key[0])
            found = work.decisions.find(key, trigger)
            if found is None:
                return None
            earlier = work.decisions.list_earlier(found) if found.recalculated_by else []
            return explained(found) | {"earlier": [earlier_told(one) for one in earlier]}

    def list_of_customer(self, legal_entity: str, customer_no: str, before: Place | None, limit: int) -> list[tuple[Place, dict[str, Any]]]:
        """Return a customer's decisions with their places, newest decided first, before the given place."""
        with self.begin() as work:
            work.entities.get(legal_entity)
            return [(place, explained(one)) for place, one in work.decisions.list_of_customer(legal_entity, customer_no, before, limit)]
