"""Composition root of settlement: the only place that builds its things and reads its settings."""

import sys
from collections.abc import Callable, Mapping, Sequence
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
from settlement.adapters.outgoing import BatchesTopic
from settlement.adapters.rebuilding import rebuild_view
from settlement.entrypoints.events import subscriptions
from settlement.entrypoints.http_batches import batches_router
from settlement.entrypoints.http_reconciliations import reconciliations_router
from settlement.entrypoints.jobs import chores, jobs, jobs_of_the_installation
from settlement.metrics import SETTLEMENT_METRICS
from settlement.settings import Settings

NAME: Final = "settlement"
MIGRATIONS: Final = Path(__file__).parents[2] / "migrations"


def build() -> Service:
    """Return the service as its settings describe it."""
    settings = Settings()
    database = Database(settings.database_url, application_name=NAME)
    clock = SystemClock()
    metrics = Metrics((*http_metrics(NAME).all(), *SERVICE_METRICS, *SETTLEMENT_METRICS))
    followed = subscriptions(database, clock)
    jobs_of_an_entity = jobs(database, clock)
    for_all_entities = jobs_of_the_installation(lambda: rebuild_view(settings.kafka_bootstrap_servers, database, followed))

    def make_app(checks: Mapping[str, Check], consumers: Callable[[], Sequence[Mapping[str, Any]]]) -> FastAPI:
        return create_app(
            AppParts(
                service=NAME,
                summary="Settlement batches by party and business date, their statements, and reconciliation with the points ledger",
                routers=[batches_router(database, clock), reconciliations_router(database, clock), business_date_router(database)],
                database=database,
                metrics=metrics,
                checks=checks,
                consumers=consumers,
                retry_dead_letter=retry_by_group(followed),
                clock=clock,
                jobs=jobs_of_an_entity,
            )
        )

    return Service(
        name=NAME,
        settings=settings,
        database=database,
        metrics=metrics,
        migrations=MIGRATIONS,
        make_app=make_app,
        subscriptions=followed,
        outgoing=(BatchesTopic(), *(DeadLetterTopic(subscription.group) for subscription in followed)),
        chores=chores(database, clock, metrics),
        jobs={**jobs_of_an_entity, **for_all_entities},
    )


def main() -> None:
    """Run the command line: `settlement serve --roles api,consumer,relay | migrate | job NAME --entity 001 --on 2026-03-01`."""
    sys.exit(run_command(NAME, build))
