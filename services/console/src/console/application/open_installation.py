"""Use case: give a new installation its first entities."""

from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from console.application.ports import BeginUnitOfWork
from console.domain.announcements import opened_from
from console.domain.entities import FIRST_ZONE, first_entities
from loyalty_shared.kernel.clock import Clock, date_in_zone

BY_INSTALLATION: Final = "installation"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenInstallation:
    """Opens the sponsor bank and a village bank where no entity is known yet, their business date today. Safe to run at every start."""

    begin: BeginUnitOfWork
    clock: Clock

    def __call__(self) -> None:
        now = self.clock.now()
        with self.begin() as work:
            work.credentials.list_for_update()  # two processes that start at once: the second waits here, and then sees the entities
            if work.entities.list_codes():
                return
            entities = first_entities(date_in_zone(now, ZoneInfo(FIRST_ZONE)))
            for entity in entities:
                work.entities.open(entity, by=BY_INSTALLATION, at=now)
            work.announcements.post([opened_from(entity) for entity in entities], now)
