"""Fixtures that give tests a real Kafka and PostgreSQL, or the whole platform: one of each per session, in a directory of its own, stopped at the end."""

from __future__ import annotations

import asyncio
import atexit
import itertools
import os
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Protocol
from urllib.parse import urlsplit, urlunsplit

import psycopg2
import pytest
from aiokafka.admin import AIOKafkaAdminClient
from psycopg2 import sql
from rich.console import Console

from loyalty_shared.contracts.topics import Topic
from nanzhu_local.broker import make_topics
from nanzhu_local.platform import LocalPlatform

_numbers = itertools.count(1)


class MakeTopic(Protocol):
    """Makes a topic of a unique name and returns the name; it is deleted after the test."""

    def __call__(self, name: str = "test", partitions: int = 1) -> str: ...


MakeDatabase = Callable[[str], str]
"""Makes a fresh, empty database for a service and returns its URL; it is dropped after the test."""


@pytest.fixture(scope="session")
def local_platform() -> Iterator[LocalPlatform]:
    """Return the session's platform, with nothing started yet."""
    with tempfile.TemporaryDirectory(prefix="nanzhu-test-", ignore_cleanup_errors=True) as directory:
        Path(directory).chmod(0o755)  # root lends PostgreSQL another account, which must be able to enter
        run_dir = Path(directory) / "run"
        # On stderr, which pytest shows with a failed test only.
        local = LocalPlatform(run_dir, Console(stderr=True))
        atexit.register(local.clean)  # in case pytest itself ends before the fixture does
        previous = signal.signal(signal.SIGTERM, interrupt)
        try:
            yield local
        finally:
            local.clean()
            atexit.unregister(local.clean)
            signal.signal(signal.SIGTERM, previous)


def interrupt(number: int, frame: FrameType | None) -> None:
    """Let a SIGTERM (CI's time limit) end the session as ctrl-C does: with the fixtures' ends."""
    raise KeyboardInterrupt


@pytest.fixture(scope="session")
def platform(local_platform: LocalPlatform) -> LocalPlatform:
    """Return the whole platform, up: `endpoints`, `start / stop / kill9 / restart (name)`. A test that stops a part starts it again."""
    local_platform.up()
    return local_platform


@pytest.fixture(scope="session")
def infrastructure(local_platform: LocalPlatform) -> LocalPlatform:
    """Return the session's platform with Kafka and PostgreSQL running."""
    local_platform.up_infrastructure()
    return local_platform


@pytest.fixture(scope="session")
def kafka(infrastructure: LocalPlatform) -> str:
    """Return the bootstrap servers of a real Kafka."""
    return infrastructure.kafka


@pytest.fixture(scope="session")
def postgres_server(infrastructure: LocalPlatform) -> str:
    """Return the URL of a real PostgreSQL server, as a user who may make databases and roles."""
    return infrastructure.database_server


@pytest.fixture
def database(postgres_server: str) -> Iterator[MakeDatabase]:
    """Return a function that makes a fresh database: `database("accrual")` > its URL."""
    made: list[str] = []

    def make(service: str) -> str:
        name = f"test_{service.replace('-', '_')}_{os.getpid()}_{next(_numbers)}"
        execute(postgres_server, "CREATE DATABASE {}", name)
        made.append(name)
        return str(urlunsplit(urlsplit(postgres_server)._replace(path=f"/{name}")))

    yield make
    for name in made:
        # FORCE: a pool that the test left open must not keep the database.
        execute(postgres_server, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


@pytest.fixture
def topic(kafka: str) -> Iterator[MakeTopic]:
    """Return a function that makes a topic of its own for the test: `topic("points", partitions=4)` > its name."""
    made: list[str] = []

    def make(name: str = "test", partitions: int = 1) -> str:
        unique = f"{name}.{os.getpid()}.{next(_numbers)}"
        make_topics(kafka, [Topic(name=unique, partitions=partitions, types={})])
        made.append(unique)
        return unique

    yield make
    if made:
        asyncio.run(delete_topics(kafka, made))


def execute(server: str, statement: str, name: str) -> None:
    """Run a statement about the database of that name on the server."""
    connection = psycopg2.connect(server)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL(statement).format(sql.Identifier(name)))
    finally:
        connection.close()


async def delete_topics(bootstrap_servers: str, names: list[str]) -> None:
    """Delete the topics."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    try:
        await admin.delete_topics(names)
    finally:
        await admin.close()
