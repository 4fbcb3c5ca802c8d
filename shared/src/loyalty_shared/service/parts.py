"""What a service consists of, as its main.py puts it together; `command.py` runs it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from fastapi import APIRouter
from pydantic import Field
from pydantic_settings import BaseSettings

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.messaging.outgoing import OutgoingTopic
from loyalty_shared.messaging.subscriptions import Subscription
from loyalty_shared.observability.metrics import Declared, Metrics
from loyalty_shared.persistence.connections import Database

#: Does a job of an entity for a business date. Running one twice for a date changes nothing.
Job = Callable[[str, date], None]


class ServiceSettings(BaseSettings):
    """What every service is told by its environment, under its own prefix. Read once, in its main.py."""

    database_url: str
    kafka_bootstrap_servers: str
    http_host: str = "127.0.0.1"
    http_port: int = Field(default=8000, ge=1, le=65_535)
    log_level: str = Field(default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """Something done again and again while the service consumes: what the clock, and no event, makes due."""

    name: str
    every_seconds: float
    do: Callable[[], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Foundation:
    """What a service builds its own things on: made once for each process."""

    database: Database
    clock: Clock
    metrics: Metrics


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service, ready to be run in any of its roles.

    `prepare`: called once before it serves, and again until the database lets it. `outgoing`: what its relay publishes, dead letters beside.
    """

    summary: str
    routers: Sequence[APIRouter]
    subscriptions: Sequence[Subscription] = ()
    outgoing: Sequence[OutgoingTopic] = ()
    sweeps: Sequence[Sweep] = ()
    jobs: Mapping[str, Job] = field(default_factory=dict)
    prepare: Callable[[], object] = lambda: None


@dataclass(frozen=True, slots=True, kw_only=True)
class Blueprint:
    """How a service is made: its name, its migrations, its own metrics, and what builds it."""

    name: str
    migrations: Path
    settings: type[ServiceSettings]
    build: Callable[[ServiceSettings, Foundation], Service]
    metrics: Sequence[Declared] = ()
