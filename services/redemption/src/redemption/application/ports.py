"""What the ledger's use cases need of the outside, in their own words."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import Protocol

from loyalty_shared.persistence.entity_dates import Entity
from loyalty_shared.web.idempotency import Answers
from redemption.domain.account import Account


class Accounts(Protocol):
    """The accounts, one by one: for reading, and locked for a change."""

    def find(self, legal_entity: str, customer_no: str, on: date) -> Account | None:
        """Return an account for reading, as it is on a business date; None when the customer never had one."""
        ...

    def find_for_update(self, legal_entity: str, customer_no: str, on: date) -> Account | None:
        """Return an account, locked and settled to the business date. One of a customer who is known but has none is empty; None: not known."""
        ...

    def open_for_update(self, legal_entity: str, customer_no: str, on: date) -> Account:
        """Return an account, locked and settled to the business date; made when it is missing."""
        ...

    def open_all_for_update(self, legal_entity: str, customer_nos: Collection[str], on: date) -> Mapping[str, Account]:
        """Return the accounts that answer for these numbers, locked in key order and settled, by the number asked for; made where they are missing."""
        ...

    def open_each_for_update(self, legal_entity: str, customer_nos: Sequence[str], on: date) -> Mapping[str, Account]:
        """Return the accounts of these very numbers, merged or not, locked in the order given and settled; made, before any is locked, where missing."""
        ...

    def post(self, account: Account, at: datetime) -> None:
        """Write what has become of a locked account: its entries, lots and balances. Once per account; `at` is read after the lock."""
        ...


class LedgerWork(Protocol):
    """One transaction on the ledger. Locks are taken in one order everywhere: the date, missing accounts, accounts, lots."""

    @property
    def accounts(self) -> Accounts: ...

    @property
    def answers(self) -> Answers: ...

    def hold_date(self, legal_entity: str) -> Entity:
        """Keep the entity's business date from moving until the transaction ends. Raises UnknownEntity."""
        ...


BeginLedgerWork = Callable[[], AbstractContextManager[LedgerWork]]
