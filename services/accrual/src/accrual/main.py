"""Composition root of accrual: the only place that builds its things and reads its settings."""

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI

from accrual import metrics as declared
from accrual.adapters.outgoing import BatchesTopic, PointsTopic
from accrual.adapters.outgoing_suspects import SuspectsTopic
from accrual.adapters.parameters import keep_parameter
from accrual.adapters.rule_sets import RuleSets
from accrual.adapters.unit_of_work import units_of_work
from accrual.application.decide_behaviours import DecideBehaviours
from accrual.application.decide_transactions import DecideTransactions
from accrual.application.record_balances import RecordBalances
from accrual.application.record_customers import RecordCustomers
from accrual.application.record_merchants import RecordMerchants
from accrual.application.record_merges import RecordMerges
from accrual.entrypoints.background import background_chores
from accrual.entrypoints.events import subscriptions
from accrual.entrypoints.http import decisions_router
from accrual.entrypoints.http_campaigns import campaigns_router
from accrual.entrypoints.http_recalculations import recalculations_router
from accrual.entrypoints.http_rules import rules_router
from accrual.entrypoints.http_simulations import simulations_router
from accrual.entrypoints.jobs import chores, jobs
from accrual.settings import Settings
from loyalty_shared.following import FollowParameters
from loyalty_shared.kernel.clock import SystemClock
from loyalty_shared.messaging.dead_letter_topic import DeadLetterTopic
from loyalty_shared.messaging.retrying import retry_by_group
from loyalty_shared.observability.metrics import Metrics, http_metrics
from loyalty_shared.persistence.connections import Database
from loyalty_shared.service import run_command
from loyalty_shared.serving import SERVICE_METRICS, Check, Service
from loyalty_shared.web.app import AppParts, create_app
from loyalty_shared.web.entity_routes import business_date_router

NAME: Final = "accrual"
MIGRATIONS: Final = Path(__file__).parents[2] / "migrations"
#: How long a thread keeps the interpreter while others wait. Batches are long runs of Python: handing over every 5 ms (the default) made the stream a third
#: slower and cost a quarter more processor time, measured on 2 cores. The price is up to this long on a query while the stream runs at its top rate.
SWITCH_INTERVAL_SECONDS: Final = 0.05


def build(settings: Settings) -> Service:
    """Return the service, with nothing connected yet."""
    clock = SystemClock()
    database = Database(settings.database_url, application_name=NAME)
    metrics = Metrics((*declared.ALL, *http_metrics(NAME).all(), *SERVICE_METRICS))
    begin = units_of_work(database, RuleSets())
    jobs_by_name = jobs(begin, clock, metrics)
    followed = subscriptions(
        decide_transactions=DecideTransactions(begin, clock),
        decide_behaviours=DecideBehaviours(begin, clock),
        record_balances=RecordBalances(begin, clock),
        record_customers=RecordCustomers(begin, clock),
        record_merchants=RecordMerchants(begin, clock),
        record_merges=RecordMerges(begin, clock),
        follow_parameters=FollowParameters(database=database, clock=clock, on_parameter_changed=keep_parameter),
        metrics=metrics,
    )

    def make_app(checks: Mapping[str, Check], consumers: Callable[[], Sequence[Mapping[str, Any]]]) -> FastAPI:
        return create_app(
            AppParts(
                service=NAME,
                summary="Turns transactions into points: rules, decisions, and why",
                routers=[
                    rules_router(begin, clock),
                    campaigns_router(begin, clock),
                    simulations_router(begin, clock),
                    recalculations_router(begin, clock),
                    decisions_router(begin),
                    business_date_router(database),
                ],
                database=database,
                metrics=metrics,
                checks=checks,
                consumers=consumers,
                retry_dead_letter=retry_by_group(followed),
                clock=clock,
                jobs=jobs_by_name,
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
        outgoing=(PointsTopic(), BatchesTopic(), SuspectsTopic(), *(DeadLetterTopic(subscription.group) for subscription in followed)),
        chores=(*chores(begin, database, clock, metrics), *background_chores(begin, database)),
        jobs=jobs_by_name,
    )


def main() -> None:
    """Run the command `accrual serve | migrate | job NAME`."""
    sys.setswitchinterval(SWITCH_INTERVAL_SECONDS)
    sys.exit(run_command(NAME, lambda: build(Settings())))
