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

    def expired_before(self, legal_entity: str) -> date:
        """Return the date before which every lot's last date is done with."""
        ...

    def mark_expired(self, legal_entity: str, before: date) -> None:
        """Write down that every lot whose last date was before that date has been expired."""
        ...

    def list_due(self, legal_entity: str, due: Due, since: date, on: date, after: DuePlace | None, limit: int) -> Sequence[DuePlace]:
        """Return customers with unposted points due from `since` by a business date, in the job's order."""
        ...

    def lock_free(self, keys: Collection[AccountKey]) -> Sequence[AccountKey]:
        """Lock those of the accounts that nobody else holds, in key order, and return them."""
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

    Several workers may run it at once: each goes through all accounts and takes those that nobody holds, a few hundred in key order at a time; then once
    more through what is left, waiting for whoever holds it. Reading and spending do not wait for it: they settle the account they look at themselves.
    """

    begin: Callable[[], AbstractContextManager[SettlingWork]]
    clock: Clock

    def __call__(self, legal_entity: str, due: Due, on: date | None = None) -> int:
        """Return how many times an account was found here with something due by `on` (None: the entity's business date). Raises DateNotReached."""
        done = self._go_through(legal_entity, due, on, waiting=False) + self._go_through(legal_entity, due, on, waiting=True)
        if due is Due.EXPIRED:
            self._mark_expired(legal_entity, on)
        return done

    def _go_through(self, legal_entity: str, due: Due, on: date | None, *, waiting: bool) -> int:
        done, place = 0, None
        while True:
            places, settled = self._settle_some(legal_entity, due, on, place, waiting=waiting)
            done += settled
            if len(places) < ACCOUNTS_PER_TRANSACTION:
                return done
            place = places[-1]

    def _settle_some(self, legal_entity: str, due: Due, on: date | None, after: DuePlace | None, *, waiting: bool) -> tuple[Sequence[DuePlace], int]:
        with self.begin() as work:
            entities = work.hold_dates((legal_entity,))
            until = _date_of(entities, legal_entity, on)
            since = work.expired_before(legal_entity)
            places = work.list_due(legal_entity, due, since, until, after, ACCOUNTS_PER_TRANSACTION) if due is Due.MATURED or since < until else ()
            keys: Sequence[AccountKey] = sorted({(legal_entity, place.customer_no) for place in places})
            if keys and not waiting:
                keys = work.lock_free(keys)
            if keys:
                work.lock_accounts(keys)
                at = self.clock.now()
                work.post(work.load(keys, entities, at).values(), at)
        return places, len(keys)

    def _mark_expired(self, legal_entity: str, on: date | None) -> None:
        """Let the next run begin where nothing is known to be done. Nothing lapses behind it: what arrives or comes free there is expired as it does."""
        with self.begin() as work:
            until = _date_of(work.hold_dates((legal_entity,)), legal_entity, on)
            if work.expired_before(legal_entity) < until and not work.list_due(legal_entity, Due.EXPIRED, work.expired_before(legal_entity), until, None, 1):
                work.mark_expired(legal_entity, until)


def _date_of(entities: Mapping[str, Entity], legal_entity: str, on: date | None) -> date:
    if legal_entity not in entities or (on is not None and on > entities[legal_entity].business_on):
        raise DateNotReached(f"entity {legal_entity} has not reached {on}: advance its business date at the console, then run the job again")
    return on or entities[legal_entity].business_on
