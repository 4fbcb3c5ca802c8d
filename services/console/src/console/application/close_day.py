"""Use case: the job that closes an entity's day."""

from dataclasses import dataclass
from datetime import date, timedelta

from console.application.move_date import move_date
from console.application.ports import BeginUnitOfWork
from console.domain.audit import By
from console.domain.entities import Advance
from loyalty_shared.kernel.clock import Clock


class DayNotReached(Exception):
    """The date to be closed has not begun."""


class NoSuchEntity(Exception):
    """The installation has no such entity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseDay:
    """Closes the business date `on` and opens the next day. Closed already, it changes nothing. Raises DayNotReached, NoSuchEntity."""

    begin: BeginUnitOfWork
    clock: Clock

    def __call__(self, legal_entity: str, on: date, by: By) -> str:
        now = self.clock.now()
        with self.begin() as work:
            present_on = work.entities.find_business_on_for_update(legal_entity)
            if present_on is None:
                raise NoSuchEntity(legal_entity)
            if on > present_on:
                raise DayNotReached(f"the business date is {present_on}: {on} has not begun")
            if on < present_on:
                return f"{on} was closed already; the business date is {present_on}"
            next_on = on + timedelta(days=1)
            move_date(work, legal_entity, Advance(present_on, next_on), by, now)
            return f"{on} is closed; the business date is {next_on}"
