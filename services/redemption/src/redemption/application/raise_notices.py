"""Raise notices of points that will lapse: once for each customer and last date, so many days ahead as the entity's parameter says."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple, Protocol

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.persistence.entity_dates import Entity
from redemption.application.settle_accounts import DateNotReached

#: Notices are written so many in one transaction.
NOTICES_PER_TRANSACTION: Final = 1_000


class DueNotice(NamedTuple):
    """Points of a customer, without held ones, whose last date of use is `expires_on`."""

    customer_no: str
    expires_on: date
    points: int


class NoticesWork(Protocol):
    """One transaction on notices."""

    def hold_date(self, legal_entity: str) -> Entity: ...

    def find_notice_days(self, legal_entity: str, on: date) -> int:
        """Return how many days ahead customers of the entity are told."""
        ...

    def list_due(self, legal_entity: str, on: date, to: date, limit: int) -> Sequence[DueNotice]:
        """Return what customers have not been told yet of points that lapse after a date from `on` to `to`."""
        ...

    def post(self, legal_entity: str, notices: Sequence[DueNotice], on: date, at: datetime) -> None:
        """Write notices; the relay publishes them."""
        ...


@dataclass(frozen=True, slots=True)
class RaiseNotices:
    """Tells customers, through whoever reads the topic, what will lapse. Can be stopped and begun again; nobody is told of a date twice."""

    begin: Callable[[], AbstractContextManager[NoticesWork]]
    clock: Clock

    def __call__(self, legal_entity: str, on: date | None = None) -> int:
        """Return how many notices were raised. Raises DateNotReached when the business date is before `on`; UnknownEntity."""
        raised = 0
        while True:
            found = self._raise_some(legal_entity, on)
            raised += found
            if found < NOTICES_PER_TRANSACTION:
                return raised

    def _raise_some(self, legal_entity: str, on: date | None) -> int:
        with self.begin() as work:
            business_on = work.hold_date(legal_entity).business_on
            if on is not None and on > business_on:
                raise DateNotReached(f"entity {legal_entity} has not reached {on}: advance its business date at the console, then run the job again")
            to = business_on + timedelta(days=work.find_notice_days(legal_entity, business_on))
            due = work.list_due(legal_entity, business_on, to, NOTICES_PER_TRANSACTION)
            if due:
                work.post(legal_entity, due, business_on, self.clock.now())
        return len(due)
