"""Composition root of the merchant service: the only place that builds its things and reads its settings."""

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
from merchant.adapters.changes import MerchantsTopic
from merchant.adapters.unit_of_work import units_of_work
from merchant.entrypoints.events import subscriptions
from merchant.entrypoints.http import merchants_router
from merchant.entrypoints.http_terms import terms_router
from merchant.entrypoints.jobs import chores
from merchant.metrics import MERCHANT_METRICS
from merchant.settings import Settings

NAME: Final = "merchant"
MIGRATIONS: Final = Path(__file__).parents[2] / "migrations"


def build() -> Service:
    """Return the service as its settings describe it."""
    settings = Settings()
    database = Database(settings.database_url, application_name=NAME)
    clock = SystemClock()
    metrics = Metrics((*http_metrics(NAME).all(), *SERVICE_METRICS, *MERCHANT_METRICS))
    followed = subscriptions(database, clock)
    begin = units_of_work(database)

    def make_app(checks: Mapping[str, Check], consumers: Callable[[], Sequence[Mapping[str, Any]]]) -> FastAPI:
        return create_app(
            AppParts(
                service=NAME,
                summary="Merchants: registered, approved, suspended; their stores and the rates agreed with them",
                routers=[merchants_router(begin, clock), terms_router(begin, clock), business_date_router(database)],
                database=database,
                metrics=metrics,
                checks=checks,
                consumers=consumers,
                retry_dead_letter=retry_by_group(followed),
                clock=clock,
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
        outgoing=(MerchantsTopic(), *(DeadLetterTopic(subscription.group) for subscription in followed)),
        chores=chores(database, clock, metrics),
    )


def main() -> None:
    """Run the command line: `merchant serve --roles api,consumer,relay | migrate`."""
    sys.exit(run_command(NAME, build))
