"""What the use cases of balances need of the world, in their own words. `adapters/balances.py` makes it real."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import NamedTuple, Protocol

from loyalty_shared.contracts.core import BalanceClosedV1
from loyalty_shared.persistence.business_keys import Claim


class AccountMonth(NamedTuple):
    """One month of an account, by its first day."""

    account_no: str
    first_on: date


class Balances(Protocol):
    """Accounts' balances at the end of each day, and how far their months are decided."""

    def add(self, balances: Sequence[BalanceClosedV1]) -> Claim:
        """Keep the balances that are new; tell repeats and conflicts (the same account and day with other content)."""
        ...

    def open_accounts(self, recorded: Sequence[BalanceClosedV1]) -> int:
        """Let the months of accounts that are new be decided from their first balance on; return how many of these balances are of a month already decided."""
        ...

    def note_intake(self, legal_entities: Collection[str], partition: int, at: datetime) -> None:
        """Note that balances of these entities have come."""
        ...

    def last_intake(self, legal_entity: str) -> datetime | None:
        """Return when balances of an entity last came."""
        ...

    def list_due_entities(self) -> list[str]:
        """Return the entities that have a month to decide: one that ended before their business date."""
        ...

    def hold_due(self, legal_entity: str, before: date, limit: int) -> list[AccountMonth]:
        """Return months to decide that began before a date, one of each account, locked, the earliest first; those that another has locked are left out."""
        ...

    def load(self, legal_entity: str, months: Sequence[AccountMonth]) -> list[list[BalanceClosedV1]]:
        """Return for each month the account's latest balance before it, when there is one, and those of the month: by date."""
        ...

    def move_on(self, legal_entity: str, months: Sequence[AccountMonth]) -> None:
        """Note that these months are decided: the next of each account is the one after."""
        ...
