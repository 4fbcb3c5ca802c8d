"""The stand-in service and a client of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Column, Integer, MetaData, Table, Text

from loyalty_shared.kernel.clock import SystemClock
from loyalty_shared.observability.metrics import Metrics, http_metrics
from loyalty_shared.persistence.connections import Database
from loyalty_shared.persistence.dead_letters import dead_letter_table
from loyalty_shared.persistence.entity_dates import entity_table
from loyalty_shared.web.app import AppParts, create_app
from loyalty_shared.web.credentials import Function, credential_table
from loyalty_shared.web.entity_routes import business_date_router
from loyalty_shared.web.idempotency import idempotency_table
from support.notes_service import Notes, issue
from support.platform import MakeDatabase


@pytest.fixture
def notes(database: MakeDatabase) -> Iterator[Notes]:
    metadata = MetaData()
    for define in (entity_table, credential_table, idempotency_table, dead_letter_table):
        define(metadata)
    Table("note", metadata, Column("id", Integer, primary_key=True), Column("legal_entity", Text), Column("customer_no", Text), Column("points", Integer))
    opened = Database(database("web"), application_name="test")
    metadata.create_all(opened.engine)
    with opened.transaction() as cursor:
        for code in ("001", "002"):
            cursor.execute("insert into entity values (%s, '{}', 'Asia/Shanghai', '2026-03-01', 15)", (code,))
            for function in Function:
                issue(cursor, f"{code}-{function}", (code,), function)
    yield Notes(opened)
    opened.close()


@pytest.fixture
def client(notes: Notes) -> Iterator[TestClient]:
    parts = AppParts(
        service="notes",
        summary="A stand-in",
        routers=[notes.router(), business_date_router(notes.database)],
        database=notes.database,
        metrics=Metrics(http_metrics("notes").all()),
        checks={"consumers": lambda: None},
        consumers=lambda: [{"topic": "t", "partition": 0, "next_offset": 7}],
        retry_dead_letter=notes.retry,
        clock=SystemClock(),
    )
    with TestClient(create_app(parts), raise_server_exceptions=False) as opened:
        yield opened
