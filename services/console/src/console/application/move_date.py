"""Moving the business date, as part of what several use cases do; and what begins to hold with a date."""

from dataclasses import replace
from datetime import datetime

from console.application.ports import UnitOfWork
from console.domain.announcements import Announcement, advanced_from, opened_from
from console.domain.audit import By, Deed
from console.domain.entities import Advance
from console.domain.parameters import PARAMETERS, RETENTION_YEARS, in_force


def move_date(work: UnitOfWork, legal_entity: str, advance: Advance, by: By, now: datetime) -> None:
    """Close the present business date and open the next, for every service to follow."""
    work.entities.advance(legal_entity, advance, by=by.who, at=now)
    before, after = {"business_on": advance.previous_on}, {"business_on": advance.business_on}
    work.audit.note(Deed(legal_entity=legal_entity, action="business-date.advanced", subject=legal_entity, before=before, after=after), by, now)
    work.announcements.post([advanced_from(legal_entity, advance), *announce_retention(work, legal_entity)], now)


def announce_retention(work: UnitOfWork, legal_entity: str) -> list[Announcement]:
    """Keep the entity's keys for as long as the parameter says on the present date, and return what is to be said of it: nothing when it is so already."""
    entity = work.entities.find(legal_entity)
    if entity is None:
        return []
    version = in_force(work.parameters.list_versions(legal_entity, RETENTION_YEARS), entity.business_on)
    years = version.value if version else PARAMETERS[RETENTION_YEARS].default
    if years == entity.retention_years:
        return []
    work.entities.keep_years(legal_entity, years)
    return [opened_from(replace(entity, retention_years=years))]
