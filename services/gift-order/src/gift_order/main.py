"""Composition root of gift-order: the only place that builds its things and reads its settings."""

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI

from gift_order.adapters.ids import TimeOrderedIds
from gift_order.adapters.outgoing import OrdersTopic
from gift_order.adapters.redemption_http import HttpRedemption
from gift_order.adapters.unit_of_work import begin_on
from gift_order.application.change_order import ChangeOrder
from gift_order.application.move_order import MoveOrder
from gift_order.application.place_order import PlaceOrder
from gift_order.application.sweep_orders import SweepOrders
from gift_order.application.tell_wishes import TellWishes
from gift_order.entrypoints.events import subscriptions
from gift_order.entrypoints.http_gifts import gifts_router
from gift_order.entrypoints.http_orders import orders_router
from gift_order.entrypoints.jobs import chores
from gift_order.metrics import GIFT_ORDER_METRICS
from gift_order.settings import Settings
from loyalty_shared.kernel.clock import SystemClock
from loyalty_shared.messaging.dead_letter_topic import DeadLetterTopic
from loyalty_shared.messaging.retrying import retry_by_group
from loyalty_shared.observability.metrics import Metrics, http_metrics
from loyalty_shared.persistence.connections import Database
from loyalty_shared.service import run_command
from loyalty_shared.serving import SERVICE_METRICS, Check, Service
from loyalty_shared.web.app import AppParts, create_app
from loyalty_shared.web.entity_routes import business_date_router

NAME: Final = "gift-order"
MIGRATIONS: Final = Path(__file__).parents[2] / "migrations"
#: Buyers of one gift wait for its row: connections for most threads of the HTTP side, with some for the consumers and the relay.
CONNECTIONS_MAX: Final = 32


def build() -> Service:
    """Return the service as its settings describe it."""
    settings = Settings()
    database = Database(settings.database_url, application_name=NAME, pool_max=CONNECTIONS_MAX)
    clock = SystemClock()
    metrics = Metrics((*http_metrics(NAME).all(), *SERVICE_METRICS, *GIFT_ORDER_METRICS))
    followed = subscriptions(database, clock)
    begin, new_id = begin_on(database), TimeOrderedIds(clock)
    redemption = HttpRedemption(settings.redemption_url, settings.redemption_token)
    move = MoveOrder(begin=begin, redemption=redemption, clock=clock)

    def make_app(checks: Mapping[str, Check], consumers: Callable[[], Sequence[Mapping[str, Any]]]) -> FastAPI:
        return create_app(
            AppParts(
                service=NAME,
                summary="Gifts and their stock; orders paid with points, and with cash besides; wish lists",
                routers=[
                    orders_router(begin, PlaceOrder(begin=begin, move=move, clock=clock, new_id=new_id), ChangeOrder(begin=begin, move=move, clock=clock)),
                    gifts_router(database, begin, clock, new_id),
                    business_date_router(database),
                ],
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
        outgoing=(OrdersTopic(), *(DeadLetterTopic(subscription.group) for subscription in followed)),
        chores=chores(
            database,
            clock,
            metrics,
            SweepOrders(begin=begin, move=move, clock=clock),
            TellWishes(begin=begin, redemption=redemption, clock=clock),
        ),
    )


def main() -> None:
    """Run the command line: `gift-order serve --roles api,consumer,relay | migrate`."""
    sys.exit(run_command(NAME, build))
