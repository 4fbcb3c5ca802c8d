"""Compare what is kept of accounts with what their entries say, and rebuild it from them where it is not: the ledger is the entries, all else follows."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Protocol

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.persistence.entity_dates import Entity
from redemption.domain.account import Account
from redemption.domain.comparing import differences

#: Accounts are compared so many in one transaction: those to be mended are locked for as long as that takes.
ACCOUNTS_PER_TRANSACTION: Final = 100
#: How many of the customers whose accounts differ are named.
NAMED_MAX: Final = 20


class BalancesDiffer(Exception):
    """Accounts are not kept as their entries say; the text names the first of them, and in what they differ."""


class RebuildingWork(Protocol):
    """One transaction on accounts and all their entries."""

    def hold_date(self, legal_entity: str) -> Entity: ...

    def list_customers(self, legal_entity: str, after: str, limit: int) -> Sequence[str]:
        """Return customers that have an account or entries, in key order."""
        ...

    def read_each(self, legal_entity: str, customers: Sequence[str], on: date, *, to_change: bool) -> Sequence[tuple[Account, Account]]:
        """Return each account as it is kept and as its entries and live holds make it, settled to the date.

        `to_change`: locked, and made where missing; else as one snapshot has them.
        """
        ...

    def replace(self, rebuilt: Account, at: datetime) -> None:
        """Write a locked account anew, with all its lots, as it was rebuilt."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """How many accounts were compared, how many differed, and, of the first of them, who and in what."""

    accounts: int
    different: int
    named: Sequence[str]

    def __str__(self) -> str:
        return f"{self.accounts} accounts compared, {self.different} different" + "".join(f"; {name}" for name in self.named)


@dataclass(frozen=True, slots=True)
class RebuildBalances:
    """Holds every account of an entity against its entries, a few at a time; safe beside all else, and to run again."""

    begin: Callable[[], AbstractContextManager[RebuildingWork]]
    clock: Clock

    def __call__(self, legal_entity: str, *, repair: bool) -> Compared:
        """Compare all accounts; `repair`: write those that differ as their entries say. Raises UnknownEntity, and without repair BalancesDiffer."""
        after, accounts, named, different = "", 0, list[str](), 0
        while True:
            customers, found = self._compare_some(legal_entity, after, repair=repair)
            accounts += len(customers)
            different += len(found)
            named += found[: NAMED_MAX - len(named)]
            if len(customers) < ACCOUNTS_PER_TRANSACTION:
                break
            after = customers[-1]
        compared = Compared(accounts=accounts, different=different, named=named)
        if different and not repair:
            raise BalancesDiffer(str(compared))
        return compared

    def _compare_some(self, legal_entity: str, after: str, *, repair: bool) -> tuple[Sequence[str], list[str]]:
        found = []
        with self.begin() as work:
            on = work.hold_date(legal_entity).business_on
            customers = work.list_customers(legal_entity, after, ACCOUNTS_PER_TRANSACTION)
            for kept, rebuilt in work.read_each(legal_entity, customers, on, to_change=repair):
                what = differences(kept, rebuilt)
                if what:
                    found.append(f"{kept.customer_no} ({', '.join(what)})")
                if what and repair:
                    work.replace(rebuilt, self.clock.now())
        return customers, found
