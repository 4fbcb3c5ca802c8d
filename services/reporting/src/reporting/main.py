"""Composition root of reporting: the only place that builds its things and reads its settings."""

import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI

from loyalty_shared.kernel.clock import SystemClock
from loyalty_shared.messaging.dead_letter_topic import DeadLetterTopic
from loyalty_shared.messaging.retrying import retry_by_group
from loyalty_shared.observability.metrics import Metrics, http_metrics
from loyalty_shared.persistence.connections import Database
from loyalty_shared.service import run_command
from loyalty_shared.serving import SERVICE_METRICS, Check, Service
from loyalty_shared.web.app import AppParts, create_app
from loyalty_shared.web.entity_routes import business_date_router
from reporting.adapters.faust_following import FaustFollowing
from reporting.adapters.live_windows import LiveWindows
from reporting.adapters.mart_queries import read_mart
from reporting.adapters.rebuilding import rebuild
from reporting.adapters.suspect_watching import SuspectWatch
from reporting.application.make_reports import MakeReports
from reporting.application.show_report import ShowReport
from reporting.entrypoints.events import mart_subscriptions, subscriptions
from reporting.entrypoints.http import reports_router
from reporting.entrypoints.http_alerts import alerts_router
from reporting.entrypoints.http_windows import windows_router
from reporting.entrypoints.jobs import chores, jobs, jobs_of_the_installation
from reporting.metrics import REPORTING_METRICS
from reporting.settings import Settings

NAME: Final = "reporting"
#: How long a thread keeps the interpreter while others wait: nobody waits for a report by the millisecond, and batches cost less so.
SWITCH_INTERVAL_SECONDS: Final = 0.05
MIGRATIONS: Final = Path(__file__).parents[2] / "migrations"


def build() -> Service:
    """Return the service as its settings describe it."""
    settings = Settings()
    database = Database(settings.database_url, application_name=NAME)
    clock = SystemClock()
    metrics = Metrics((*http_metrics(NAME).all(), *SERVICE_METRICS, *REPORTING_METRICS))
    followed = subscriptions(database, clock)
    begin = partial(read_mart, database)
    jobs_of_an_entity = jobs(MakeReports(begin, clock))
    for_all_entities = jobs_of_the_installation(lambda: rebuild(settings.kafka_bootstrap_servers, database, mart_subscriptions(database, clock)))

    @asynccontextmanager
    async def with_live_windows(_app: FastAPI) -> AsyncIterator[None]:
        followed_live = (LiveWindows(database, clock, metrics), SuspectWatch(database, clock, metrics))
        with FaustFollowing(settings.kafka_bootstrap_servers, followed_live, metrics).running():
            yield

    def make_app(checks: Mapping[str, Check], consumers: Callable[[], Sequence[Mapping[str, Any]]]) -> FastAPI:
        app = create_app(
            AppParts(
                service=NAME,
                summary="Reports that tie to the points ledger, from a mart of its own; live windows",
                routers=[
                    reports_router(ShowReport(begin), database, clock, metrics),
                    windows_router(database, clock),
                    alerts_router(database),
                    business_date_router(database),
                ],
                database=database,
                metrics=metrics,
                checks=checks,
                consumers=consumers,
                retry_dead_letter=retry_by_group(followed),
                clock=clock,
                jobs=jobs_of_an_entity,
            )
        )
        app.router.lifespan_context = with_live_windows  # they follow as long as the server runs, whatever the other roles
        return app

    return Service(
        name=NAME,
        settings=settings,
        database=database,
        metrics=metrics,
        migrations=MIGRATIONS,
        make_app=make_app,
        subscriptions=followed,
        outgoing=tuple(DeadLetterTopic(subscription.group) for subscription in followed),
        chores=chores(database, clock, metrics),
        jobs={**jobs_of_an_entity, **for_all_entities},
    )


def main() -> None:
    """Run the command line: `reporting serve --roles api,consumer,relay | migrate | job NAME --entity 001 --on 2027-01-01`."""
    sys.setswitchinterval(SWITCH_INTERVAL_SECONDS)
    sys.exit(run_command(NAME, build))
