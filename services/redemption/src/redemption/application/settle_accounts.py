"""The jobs that post what the business date has already made so: `mature-points` and `expire-points`."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final, NamedTuple, Protocol

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.persistence.entity_dates import Entity
from redemption.application.credit_earned_points import AccountKey
from redemption.domain.account import Account

#: Accounts are settled so many in one transaction: their locks are held for as long as that takes.
ACCOUNTS_PER_TRANSACTION: Final = 200


class Due(StrEnum):
    """What the date has made of points: they can be spent from it on, or no longer."""

    MATURED = "mature-points"
    EXPIRED = "expire-points"


class DuePlace(NamedTuple):
    """Where a job has come to in the order it goes in: by date, then customer."""

    due_on: date
    customer_no: str


class SettlingWork(Protocol):
    """One transaction on accounts that have something due."""

    def hold_dates(self, legal_entities: Collection[str]) -> Mapping[str, Entity]:
        """Keep the entities' business dates from moving; unknown ones are left out."""
        ...

    def list_due(self, legal_entity: str, due: Due, on: date, after: DuePlace | None, limit: int) -> Sequence[DuePlace]:
        """Return customers with unposted points due by a business date, in the job's order."""
        ...

    def lock_accounts(self, keys: Collection[AccountKey]) -> Collection[AccountKey]: ...

    def load(self, keys: Collection[AccountKey], entities: Mapping[str, Entity], at: datetime) -> Mapping[AccountKey, Account]:
        """Return locked accounts with their lots, settled to their entities' business dates."""
        ...

    def post(self, accounts: Collection[Account], at: datetime) -> None:
        """Write what settling has led to."""
        ...


class DateNotReached(Exception):
    """The entity's business date is still before the date that the job was asked for: try again after it has moved."""


@dataclass(frozen=True, slots=True)
class SettleAccounts:
    """Posts what is already so on an entity's business date, for every account. Can be stopped and begun again; a second run changes nothing.

    Reading and spending do not wait for it: they settle the account they look at themselves.
    """

    begin: Callable[[], AbstractContextManager[SettlingWork]]
    clock: Clock

    def __call__(self, legal_entity: str, due: Due, on: date | None = None) -> int:
        """Return how many accounts had something due by `on` (None: the entity's business date). Raises DateNotReached."""
        done, place = 0, None
        while True:
            places = self._settle_some(legal_entity, due, on, place)
            done += len(places)
            if len(places) < ACCOUNTS_PER_TRANSACTION:
                return done
            place = places[-1]

    def _settle_some(self, legal_entity: str, due: Due, on: date | None, after: DuePlace | None) -> Sequence[DuePlace]:
        with self.begin() as work:
            entities = work.hold_dates((legal_entity,))
            if legal_entity not in entities or (on is not None and on > entities[legal_entity].business_on):
                raise DateNotReached(f"entity {legal_entity} has not reached {on}: advance its business date at the console, then run the job again")
            places = work.list_due(legal_entity, due, on or entities[legal_entity].business_on, after, ACCOUNTS_PER_TRANSACTION)
            keys = sorted({(legal_entity, place.customer_no) for place in places})
            if keys:
                work.lock_accounts(keys)
                at = self.clock.now()
                work.post(work.load(keys, entities, at).values(), at)
        return places
