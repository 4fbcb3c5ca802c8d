"""Composition root of redemption: the only place that builds its things and reads its settings."""

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
from redemption.adapters.merges import MergesTopic
from redemption.adapters.notices import NoticesTopic
from redemption.adapters.online_ids import TimeOrderedIds
from redemption.adapters.online_unit_of_work import begin_online_on
from redemption.adapters.outgoing import LedgerTopic, SpendsTopic
from redemption.adapters.staff_unit_of_work import SqlStaffWork
from redemption.adapters.unit_of_work import begin_on
from redemption.entrypoints.events import subscriptions
from redemption.entrypoints.http import ledger_router
from redemption.entrypoints.http_applications import applications_router
from redemption.entrypoints.http_expiry import expiry_router
from redemption.entrypoints.http_online import online_router
from redemption.entrypoints.http_quotes import quotes_router
from redemption.entrypoints.http_staff import staff_routers
from redemption.entrypoints.http_transfers import transfers_router
from redemption.entrypoints.jobs import chores, jobs
from redemption.metrics import LEDGER_METRICS
from redemption.settings import Settings

NAME: Final = "redemption"
#: How long a thread keeps the interpreter while others wait: longer is cheaper for batches, and an online call waits for it at worst.
SWITCH_INTERVAL_SECONDS: Final = 0.01
MIGRATIONS: Final = Path(__file__).parents[2] / "migrations"
#: Online calls wait for one another's accounts: connections for all threads of the HTTP side, with some for the consumers and the relay.
CONNECTIONS_MAX: Final = 48


def build() -> Service:
    """Return the service as its settings describe it."""
    settings = Settings()
    database = Database(settings.database_url, application_name=NAME, pool_max=CONNECTIONS_MAX)
    clock = SystemClock()
    metrics = Metrics((*http_metrics(NAME).all(), *SERVICE_METRICS, *LEDGER_METRICS))
    followed = subscriptions(database, clock)

    def make_app(checks: Mapping[str, Check], consumers: Callable[[], Sequence[Mapping[str, Any]]]) -> FastAPI:
        return create_app(
            AppParts(
                service=NAME,
                summary="The points ledger: accounts, lots and entries; reserving, spending and giving back",
                routers=[
                    ledger_router(database, clock),
                    expiry_router(database, clock, TimeOrderedIds(clock)),
                    online_router(begin_online_on(database), clock, TimeOrderedIds(clock)),
                    *staff_routers(begin_on(database, SqlStaffWork), clock, TimeOrderedIds(clock)),
                    applications_router(begin_online_on(database), clock),
                    quotes_router(begin_online_on(database), clock, TimeOrderedIds(clock)),
                    transfers_router(begin_online_on(database), clock, TimeOrderedIds(clock)),
                    business_date_router(database),
                ],
                database=database,
                metrics=metrics,
                checks=checks,
                consumers=consumers,
                retry_dead_letter=retry_by_group(followed),
                clock=clock,
                jobs=jobs(database, clock),
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
        outgoing=(LedgerTopic(), SpendsTopic(), NoticesTopic(), MergesTopic(), *(DeadLetterTopic(subscription.group) for subscription in followed)),
        chores=chores(database, clock, metrics),
        jobs=jobs(database, clock),
    )


def main() -> None:
    """Run the command line: `redemption serve --roles api,consumer,relay | migrate | job NAME --entity 001 --on 2027-01-01`."""
    sys.setswitchinterval(SWITCH_INTERVAL_SECONDS)
    sys.exit(run_command(NAME, build))
