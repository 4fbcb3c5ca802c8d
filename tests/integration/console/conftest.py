"""A console of the test's own: a copy of one that was migrated and prepared once."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

import psycopg2
import pytest
from psycopg2 import sql

from console.main import MIGRATIONS, prepare
from loyalty_shared.persistence.connections import Database
from loyalty_shared.persistence.migrations import migrate
from support.console_desk import Console, FixedClock, client_of, settings_for

TEMPLATE = f"test_console_prepared_{os.getpid()}"
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def prepared_console(postgres_server: str) -> Iterator[None]:
    """Have a prepared console's database to copy."""
    run(postgres_server, "create database {}", TEMPLATE)
    url = url_of(postgres_server, TEMPLATE)
    migrate(MIGRATIONS, url)
    opened = Database(url, application_name="console-test")
    prepare(settings_for(url), opened, FixedClock())
    opened.close()
    run(postgres_server, "select pg_terminate_backend(pid) from pg_stat_activity where datname = {}", literal=TEMPLATE)  # alembic's pool; a copy needs it gone
    yield
    run(postgres_server, "drop database if exists {} with (force)", TEMPLATE)


@pytest.fixture
def console(postgres_server: str, prepared_console: None) -> Iterator[Console]:
    name, clock = f"test_console_{os.getpid()}_{next(_numbers)}_copy", FixedClock()
    run(postgres_server, "create database {} template {}", name, TEMPLATE)
    url = url_of(postgres_server, name)
    opened = Database(url, application_name="console-test")
    with client_of(settings_for(url), opened, clock) as client:
        yield Console(opened, settings_for(url), client, clock)
    opened.close()
    run(postgres_server, "drop database if exists {} with (force)", name)


def url_of(server: str, name: str) -> str:
    return str(urlunsplit(urlsplit(server)._replace(path=f"/{name}")))


def run(server: str, statement: str, *names: str, literal: str | None = None) -> None:
    """Run a statement about databases, which cannot be in a transaction."""
    values = [sql.Literal(literal)] if literal else map(sql.Identifier, names)
    connection = psycopg2.connect(server)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL(statement).format(*values))
    finally:
        connection.close()
