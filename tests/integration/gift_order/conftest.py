"""The order desk on a real database, with an entity of its own for each test."""

import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

import pytest
from fastapi.testclient import TestClient

from gift_order.adapters.ids import TimeOrderedIds
from gift_order.adapters.unit_of_work import begin_on
from gift_order.application.change_order import ChangeOrder
from gift_order.application.move_order import MoveOrder
from gift_order.application.place_order import PlaceOrder
from gift_order.application.sweep_orders import SweepOrders
from gift_order.application.tell_wishes import TellWishes
from gift_order.entrypoints.http_gifts import gifts_router
from gift_order.entrypoints.http_orders import orders_router
from gift_order.main import MIGRATIONS
from loyalty_shared.observability.metrics import Metrics, http_metrics
from loyalty_shared.persistence.connections import Database
from loyalty_shared.persistence.migrations import migrate
from loyalty_shared.web.app import AppParts, create_app
from support.order_desk import NOON, Desk, PointsWindow, SettableClock, open_desk
from support.platform import execute

_numbers = itertools.count(1)


@dataclass
class Running:
    """The service in this process."""

    database: Database
    clock: SettableClock
    http: TestClient
    window: PointsWindow
    sweep: SweepOrders
    tell: TellWishes


@pytest.fixture(scope="module")
def running(postgres_server: str) -> Iterator[Running]:
    """Return the service on a database of this module's own."""
    name = f"test_orders_{os.getpid()}_{next(_numbers)}"
    execute(postgres_server, "CREATE DATABASE {}", name)
    url = str(urlunsplit(urlsplit(postgres_server)._replace(path=f"/{name}")))
    migrate(MIGRATIONS, url)
    database = Database(url, application_name="test-orders")
    clock, window, begin = SettableClock(), PointsWindow(), begin_on(database)
    move = MoveOrder(begin=begin, redemption=window, clock=clock)
    new_id = TimeOrderedIds(clock)
    parts = AppParts(
        service="gift-order",
        summary="orders",
        routers=[
            orders_router(begin, PlaceOrder(begin=begin, move=move, clock=clock, new_id=new_id), ChangeOrder(begin=begin, move=move, clock=clock)),
            gifts_router(database, begin, clock, new_id),
        ],
        database=database,
        metrics=Metrics(http_metrics("gift-order").all()),
        checks={},
        consumers=list,
        retry_dead_letter=lambda letter: None,
        clock=clock,
    )
    sweep, tell = SweepOrders(begin=begin, move=move, clock=clock), TellWishes(begin=begin, redemption=window, clock=clock)
    with TestClient(create_app(parts), raise_server_exceptions=False) as http:
        yield Running(database, clock, http, window, sweep, tell)
    database.close()
    execute(postgres_server, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


@pytest.fixture
def desk(running: Running) -> Iterator[Desk]:
    """Return an entity of this test's own; its invariants hold when the test ends."""
    running.clock.at = NOON
    opened = open_desk(running.database, running.clock, running.http, running.window, running.sweep, running.tell)
    yield opened
    violated = {invariant["name"] for invariant in opened.get("invariants", role="auditor")["items"] if invariant["violations"]}
    assert violated <= {"outbox-empties"}  # no relay runs here
