"""Composition root of the console: the only place that builds its things and reads its settings."""

from datetime import date
from pathlib import Path
from typing import Final

from fastapi import FastAPI

from console.adapters.followers import HttpFollowers
from console.adapters.unit_of_work import units_of_work
from console.application.advance_business_date import AdvanceBusinessDate
from console.application.issue_local_credentials import IssueLocalCredentials
from console.application.open_entity import OpenEntity
from console.application.open_installation import OpenInstallation
from console.entrypoints.http import Calls, console_router
from console.settings import Settings
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.observability.metrics import Metrics
from loyalty_shared.persistence.connections import Database
from loyalty_shared.persistence.dead_letters import DeadLetter, Rejected
from loyalty_shared.persistence.entity_dates import find_entity
from loyalty_shared.web.app import AppParts, Check, create_app

MIGRATIONS: Final = Path(__file__).parents[2] / "migrations"


def prepare(settings: Settings, database: Database, clock: Clock) -> None:
    """Give a new installation its entities and every entity its local credentials. Safe at every start, and by two processes at once."""
    begin = units_of_work(database)
    OpenInstallation(begin=begin, clock=clock)()
    IssueLocalCredentials(begin=begin, clock=clock, seed=settings.credentials_seed.get_secret_value())()


def make_app(settings: Settings, database: Database, clock: Clock, metrics: Metrics, checks: dict[str, Check]) -> FastAPI:
    """Return the console's HTTP side."""
    begin = units_of_work(database)
    seed = settings.credentials_seed.get_secret_value()

    def find_business_on(legal_entity: str) -> date | None:
        with database.transaction() as cursor:
            entity = find_entity(cursor, legal_entity)
        return entity.business_on if entity else None

    def refuse_again(letter: DeadLetter) -> Rejected | None:
        return letter.rejected  # the console reads no topic yet, so it has no dead letters to take again

    calls = Calls(
        open_entity=OpenEntity(begin=begin, clock=clock, seed=seed),
        advance_business_date=AdvanceBusinessDate(begin=begin, clock=clock),
        find_business_on=find_business_on,
        list_followers=HttpFollowers(settings.followers).list_business_dates,
        seed=seed,
    )
    return create_app(
        AppParts(
            service="console",
            summary="Entities, business dates and credentials of the installation",
            routers=[console_router(calls)],
            database=database,
            metrics=metrics,
            checks=checks,
            consumers=list,
            retry_dead_letter=refuse_again,
            clock=clock,
        )
    )


def main() -> None: ...
