"""Accrual on a real database."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from loyalty_shared.serving import Service
from support.accrual_api import Caller, issue_credentials, service_on
from support.accrual_desk import Desk, desk_on
from support.platform import MakeDatabase


@pytest.fixture
def desk(database: MakeDatabase) -> Iterator[Desk]:
    with desk_on(database("accrual")) as opened:
        yield opened


@pytest.fixture
def service(desk: Desk) -> Iterator[Service]:
    built = service_on(desk)
    yield built
    built.database.close()


@pytest.fixture
def api(desk: Desk, service: Service) -> Iterator[Caller]:
    issue_credentials(desk)
    with TestClient(service.make_app({}, list), raise_server_exceptions=False) as client:
        yield Caller(client)
