"""Say whose a customer is, for callers who may see some institutions' customers only."""

from collections.abc import Sequence
from dataclasses import dataclass

from accrual.application.facts import TransactionKey
from accrual.application.ports import BeginUnitOfWork, UnitOfWork
from accrual.domain.trigger import Trigger


@dataclass(frozen=True, slots=True)
class FindInstitutions:
    """Finds the institutions that a caller must see all of; None among them: the whole entity. Raises UnknownEntity."""

    begin: BeginUnitOfWork

    def of_customer(self, legal_entity: str, customer_no: str) -> Sequence[str | None]:
        """Return the institution of the customer's latest facts; never announced: those of the decisions, or the whole entity when there is none."""
        with self.begin() as work:
            work.entities.get(legal_entity)
            return _announced(work, legal_entity, customer_no) or work.decisions.list_institutions(legal_entity, customer_no) or [None]

    def of_decision(self, key: TransactionKey, trigger: Trigger) -> Sequence[str | None]:
        """Return that of the latest facts of the decision's customer; never announced: the decision's own, or the whole entity when there is none."""
        with self.begin() as work:
            work.entities.get(key[0])
            found = work.decisions.find(key, trigger)
            return [None] if found is None else _announced(work, key[0], found.event.customer_no) or [found.event.institution]

    def of_evaluation(self, legal_entity: str, customer_no: str, institution: str) -> Sequence[str | None]:
        """Return the institution of the customer's latest facts; never announced: the one that the transaction to evaluate names."""
        with self.begin() as work:
            work.entities.get(legal_entity)
            return _announced(work, legal_entity, customer_no) or [institution]


def _announced(work: UnitOfWork, legal_entity: str, customer_no: str) -> list[str | None]:
    return [latest.institution for latest in work.customers.list_versions(legal_entity, customer_no, 1)]
