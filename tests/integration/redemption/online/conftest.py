"""The online half of the redemption service on a real database, with an entity of its own for each test."""

import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
import structlog
from fastapi.testclient import TestClient

import redemption
from loyalty_shared.observability.metrics import Metrics, http_metrics
from loyalty_shared.persistence.connections import Database
from loyalty_shared.persistence.migrations import migrate
from loyalty_shared.web.app import AppParts, create_app
from redemption.adapters.online_ids import TimeOrderedIds
from redemption.adapters.online_unit_of_work import begin_online_on
from redemption.adapters.staff_unit_of_work import SqlStaffWork
from redemption.adapters.unit_of_work import begin_on
from redemption.application.end_expired_holds import EndExpiredHolds
from redemption.entrypoints.http import ledger_router
from redemption.entrypoints.http_applications import applications_router
from redemption.entrypoints.http_expiry import expiry_router
from redemption.entrypoints.http_online import online_router
from redemption.entrypoints.http_quotes import quotes_router
from redemption.entrypoints.http_staff import staff_routers
from redemption.entrypoints.http_transfers import transfers_router
from support.online_bank import NOON, Bank, Service, SettableClock, open_entity
from support.platform import execute

MIGRATIONS = Path(redemption.__file__).parents[2] / "migrations"

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def plain_logs() -> Iterator[None]:
    """Write a failure's traceback plainly: drawn with every local, as a terminal gets it by default, it takes seconds, and calls wait for it."""
    before = structlog.get_config()
    structlog.configure(processors=[structlog.processors.format_exc_info, structlog.processors.KeyValueRenderer()])
    yield
    structlog.configure(**before)


@pytest.fixture(scope="module")
def service(postgres_server: str, plain_logs: None) -> Iterator[Service]:
    """Return the service on a database of this module's own."""
    name = f"test_online_{os.getpid()}_{next(_numbers)}"
    execute(postgres_server, "CREATE DATABASE {}", name)
    url = str(urlunsplit(urlsplit(postgres_server)._replace(path=f"/{name}")))
    migrate(MIGRATIONS, url)
    database = Database(url, application_name="test-online")
    clock = SettableClock()
    begin = begin_online_on(database)
    parts = AppParts(
        service="redemption",
        summary="online calls",
        routers=[
            ledger_router(database, clock),
            online_router(begin, clock, TimeOrderedIds(clock)),
            applications_router(begin, clock),
            quotes_router(begin, clock, TimeOrderedIds(clock)),
            transfers_router(begin, clock, TimeOrderedIds(clock)),
            expiry_router(database, clock, TimeOrderedIds(clock)),
            *staff_routers(begin_on(database, SqlStaffWork), clock, TimeOrderedIds(clock)),
        ],
        database=database,
        metrics=Metrics(http_metrics("redemption").all()),
        checks={},
        consumers=list,
        retry_dead_letter=lambda letter: None,
        clock=clock,
    )
    with TestClient(create_app(parts), raise_server_exceptions=False) as http:
        yield Service(database, clock, http, EndExpiredHolds(begin=begin, clock=clock))
    database.close()
    execute(postgres_server, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


@pytest.fixture
def bank(service: Service) -> Iterator[Bank]:
    """Return an entity of this test's own; its invariants are checked when the test ends."""
    service.clock.at = NOON
    opened = open_entity(service)
    yield opened
    opened.check()
