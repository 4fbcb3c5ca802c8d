"""Show merchants, their stores and their contracts."""

from dataclasses import dataclass
from datetime import date

from merchant.application.ports import BeginUnitOfWork, Filter
from merchant.domain.contracts import Contract
from merchant.domain.merchants import Merchant
from merchant.domain.stores import Store


@dataclass(frozen=True, slots=True)
class ShowMerchants:
    """Reads only. Of an unknown merchant, None. Raises UnknownEntity."""

    begin: BeginUnitOfWork

    def find(self, legal_entity: str, merchant_no: str) -> Merchant | None:
        """Return a merchant."""
        with self.begin() as work:
            work.entities.get(legal_entity)
            return work.merchants.find(legal_entity, merchant_no)

    def list_page(self, legal_entity: str, wanted: Filter, after: str | None, limit: int) -> list[Merchant]:
        """Return merchants by number, after the given one."""
        with self.begin() as work:
            work.entities.get(legal_entity)
            return work.merchants.list_page(legal_entity, wanted, after, limit)

    def list_stores(self, legal_entity: str, merchant_no: str, after: str | None, limit: int) -> list[Store] | None:
        """Return a merchant's stores by number, after the given one."""
        with self.begin() as work:
            work.entities.get(legal_entity)
            known = work.merchants.find(legal_entity, merchant_no)
            return work.stores.list_page(legal_entity, merchant_no, after, limit) if known else None

    def list_contracts(self, legal_entity: str, merchant_no: str, on: date | None, after: str | None, limit: int) -> list[Contract] | None:
        """Return a merchant's contracts by number, after the given one; with `on` only the one in force on that date."""
        with self.begin() as work:
            work.entities.get(legal_entity)
            known = work.merchants.find(legal_entity, merchant_no)
            return work.contracts.list_page(legal_entity, merchant_no, on, after, limit) if known else None
