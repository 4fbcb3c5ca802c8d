"""What the merchant service's use cases need of the world, in their own words."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from loyalty_shared.persistence.entity_dates import Entity
from loyalty_shared.web.idempotency import Answer, Idempotency
from merchant.domain.contracts import Contract
from merchant.domain.merchants import Merchant, MerchantStatus, MerchantType
from merchant.domain.stores import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which merchants are asked for; None: any. `institution`: the one asked for; `institutions`: the only ones that the caller may see."""

    status: MerchantStatus | None = None
    merchant_type: MerchantType | None = None
    institution: str | None = None
    institutions: frozenset[str] | None = None


class KeptAnswers(Protocol):
    """The answers that writes have had, by Idempotency-Key."""

    def find(self, call: Idempotency) -> Answer | None: ...
    def keep(self, call: Idempotency, answer: Answer, at: datetime) -> Answer: ...


class Entities(Protocol):
    """The legal entities."""

    def get(self, legal_entity: str) -> Entity:
        """Return one entity. Raises UnknownEntity."""
        ...


class Merchants(Protocol):
    """The merchants of all entities."""

    def next_no(self) -> str:
        """Return a merchant number of the service's own making, never made before."""
        ...

    def add(self, merchant: Merchant) -> bool:
        """Keep a new merchant; False when its number is taken."""
        ...

    def find(self, legal_entity: str, merchant_no: str) -> Merchant | None:
        """Return a merchant, for reading."""
        ...

    def find_for_update(self, legal_entity: str, merchant_no: str) -> Merchant | None:
        """Return a merchant; no other transaction changes it, its stores or its contracts until this one ends."""
        ...

    def save(self, merchant: Merchant) -> None:
        """Keep a merchant's new status."""
        ...

    def list_page(self, legal_entity: str, wanted: Filter, after: str | None, limit: int) -> list[Merchant]:
        """Return merchants by number, after the given one."""
        ...


class Stores(Protocol):
    """The stores of merchants, each under its merchant's lock."""

    def add(self, legal_entity: str, merchant_no: str, store: Store) -> bool:
        """Keep a new store; False when its number is taken."""
        ...

    def save(self, legal_entity: str, merchant_no: str, store: Store) -> bool:
        """Keep a store as it now is; False when there is none of that number."""
        ...

    def list_page(self, legal_entity: str, merchant_no: str, after: str | None, limit: int) -> list[Store]:
        """Return stores by number, after the given one."""
        ...


class Contracts(Protocol):
    """The contracts of merchants, each under its merchant's lock."""

    def add(self, legal_entity: str, merchant_no: str, contract: Contract) -> bool:
        """Keep a new contract; False when its number is taken."""
        ...

    def save(self, legal_entity: str, merchant_no: str, contract: Contract) -> None:
        """Keep a contract's new status."""
        ...

    def find(self, legal_entity: str, merchant_no: str, contract_no: str) -> Contract | None:
        """Return one contract."""
        ...

    def list_active(self, legal_entity: str, merchant_no: str, start: date, end: date | None) -> list[Contract]:
        """Return the approved contracts with a date from `start` (included) to `end` (not included; None: open)."""
        ...

    def list_page(self, legal_entity: str, merchant_no: str, on: date | None, after: str | None, limit: int) -> list[Contract]:
        """Return contracts by number, after the given one; with `on` only those in force on that date."""
        ...


class Changes(Protocol):
    """What the relay will publish on `loyalty.merchant.merchants`."""

    def post(self, merchants: Sequence[Merchant]) -> None:
        """Publish the merchants as they now stand."""
        ...


class UnitOfWork(Protocol):
    """One transaction on the merchant service's database."""

    @property
    def answers(self) -> KeptAnswers: ...
    @property
    def entities(self) -> Entities: ...
    @property
    def merchants(self) -> Merchants: ...
    @property
    def stores(self) -> Stores: ...
    @property
    def contracts(self) -> Contracts: ...
    @property
    def changes(self) -> Changes: ...


#: Opens one transaction: committed when the block ends, rolled back when it raises.
BeginUnitOfWork = Callable[[], AbstractContextManager[UnitOfWork]]
