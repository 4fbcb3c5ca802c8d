"""Composition root of the console: the only place that builds its things and reads its settings."""

import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI

from console.adapters.announcements import ParametersTopic
from console.adapters.followers import HttpFollowers
from console.adapters.unit_of_work import units_of_work
from console.application.advance_business_date import AdvanceBusinessDate
from console.application.issue_local_credentials import IssueLocalCredentials
from console.application.open_entity import OpenEntity
from console.application.open_installation import OpenInstallation
from console.entrypoints.http import Calls, console_router
from console.settings import Settings
from loyalty_shared.kernel.clock import Clock, SystemClock
from loyalty_shared.observability.metrics import Metrics, http_metrics
from loyalty_shared.persistence.connections import Database
from loyalty_shared.persistence.dead_letters import DeadLetter, Rejected
from loyalty_shared.persistence.entity_dates import find_entity
from loyalty_shared.service import run_command
from loyalty_shared.serving import SERVICE_METRICS, Chore, Service
from loyalty_shared.web.app import AppParts, Check, create_app
from loyalty_shared.web.idempotency import forget_answers

FORGET_EVERY_SECONDS: Final = 600.0
MIGRATIONS: Final = Path(__file__).parents[2] / "migrations"


def prepare(settings: Settings, database: Database, clock: Clock) -> None:
    """Give a new installation its entities and every entity its local credentials. Safe at every start, and by two processes at once."""
    begin = units_of_work(database)
    OpenInstallation(begin=begin, clock=clock)()
    IssueLocalCredentials(begin=begin, clock=clock, seed=settings.credentials_seed.get_secret_value())()


def make_app(
    settings: Settings, database: Database, clock: Clock, metrics: Metrics, checks: Mapping[str, Check], consumers: Callable[[], Sequence[Mapping[str, Any]]]
) -> FastAPI:
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
            consumers=consumers,
            retry_dead_letter=refuse_again,
            clock=clock,
        )
    )


def build() -> Service:
    """Build the console from its environment."""
    settings = Settings()
    database, clock = Database(settings.database_url, application_name="console"), SystemClock()
    metrics = Metrics((*http_metrics("console").all(), *SERVICE_METRICS))

    def forget() -> None:
        with database.transaction() as cursor:
            forget_answers(cursor, clock.now())

    return Service(
        name="console",
        settings=settings,
        database=database,
        metrics=metrics,
        migrations=MIGRATIONS,
        make_app=lambda checks, consumers: make_app(settings, database, clock, metrics, checks, consumers),
        outgoing=(ParametersTopic(),),
        chores=(Chore(name="forget-answers", every_seconds=FORGET_EVERY_SECONDS, run=forget),),
        prepare=lambda: prepare(settings, database, clock),
    )


def main() -> None:
    """Run the command line: `console serve --roles api,consumer,relay | migrate`."""
    sys.exit(run_command("console", build))
