"""Show a customer's facts as they have arrived."""

from dataclasses import dataclass
from typing import Final

from accrual.application.ports import BeginUnitOfWork
from loyalty_shared.contracts.core import CustomerChangedV1

VERSIONS_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class ShowCustomer:
    """Reads what the core has announced of a customer."""

    begin: BeginUnitOfWork

    def __call__(self, legal_entity: str, customer_no: str) -> list[CustomerChangedV1]:
        """Return the latest VERSIONS_MAX versions, latest first; none for a customer never announced. Raises UnknownEntity."""
        with self.begin() as work:
            work.entities.get(legal_entity)
            return work.customers.list_versions(legal_entity, customer_no, VERSIONS_MAX)
