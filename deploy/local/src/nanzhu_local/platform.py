"""The whole platform on one machine, as a library: `nanzhu`, the demo, the benchmark and the tests all start and stop it here."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import time
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from rich.console import Console

from loyalty_shared.contracts.topics import TOPICS
from nanzhu_local import kafka, postgres
from nanzhu_local.broker import make_topics
from nanzhu_local.browser_packages import browser_packages
from nanzhu_local.credentials import CHANNELS, credentials_from, operators_from
from nanzhu_local.downloads import kafka_class_path
from nanzhu_local.endpoints import Endpoints, read_endpoints
from nanzhu_local.external import ExternalKafka, ExternalPostgres
from nanzhu_local.failures import PlatformFailure
from nanzhu_local.kafka import Kafka
from nanzhu_local.ports import Ports
from nanzhu_local.postgres import Postgres
from nanzhu_local.postgres_install import delete_data_outside
from nanzhu_local.run_directory import RunDirectory
from nanzhu_local.services import SERVICES, RunningService, Surroundings, start_stopped

PROJECT = Path(sys.prefix).parent
"""The checkout: its environment is the directory `.venv` in it."""

CACHE = PROJECT / ".cache"
CONSOLE = PROJECT / "services" / "console"

Part = Kafka | Postgres | RunningService


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """One process of the platform; `pid` None: it does not run."""

    name: str
    pid: int | None
    address: str


class LocalPlatform:
    """Kafka, PostgreSQL and every service with their data in `run_dir`.

    KAFKA_BOOTSTRAP_SERVERS and DATABASE_URL, when set, are used instead of the embedded broker and server.
    Every method raises PlatformFailure, which says what is wrong and what to do.
    """

    def __init__(self, run_dir: Path = PROJECT / ".run", console: Console | None = None) -> None:
        self.run = RunDirectory(run_dir.resolve())
        self._console = console or Console(stderr=True)
        ports = Ports(self.run)
        self._kafka = Kafka(self.run, ports, CACHE, self._console)
        self._postgres = Postgres(self.run, ports)
        self._services = {service.name: RunningService(service, self.run, ports) for service in SERVICES}
        self._parts: dict[str, Part] = {kafka.NAME: self._kafka, postgres.NAME: self._postgres, **self._services}
        servers, url = os.environ.get("KAFKA_BOOTSTRAP_SERVERS"), os.environ.get("DATABASE_URL")
        self._external_kafka = ExternalKafka(servers) if servers else None
        self._external_postgres = ExternalPostgres(url) if url else None

    @property
    def kafka(self) -> str:
        """The bootstrap servers."""
        return (self._external_kafka or self._kafka).bootstrap_servers

    @property
    def database_server(self) -> str:
        """The URL of the database server, as a user who may create databases."""
        return (self._external_postgres or self._postgres).admin_url

    @property
    def endpoints(self) -> Endpoints:
        """What clients need to know; written when the platform is up."""
        return read_endpoints(self.run.endpoints)

    def up(self) -> Endpoints:
        """Start whatever does not run, wait until all is ready, and return the endpoints. When it fails or is interrupted, what it started is stopped."""
        with self._starting():
            self._start_infrastructure()
            make_topics(self.kafka, TOPICS)
            self._start_services(self._services.values())
            endpoints = self._endpoints_now()
            endpoints.write(self.run.endpoints)
        return endpoints

    def fetch(self) -> None:
        """Download what is missing, so that later commands need no network."""
        if self._external_kafka is None:
            kafka_class_path(CACHE, self._console)
        browser_packages(CONSOLE, CACHE, self._console)

    def up_infrastructure(self) -> None:
        """Start Kafka and PostgreSQL only, without topics or databases."""
        with self._starting():
            self._start_infrastructure()

    def down(self) -> None:
        """Stop everything, services first; the data stay."""
        if self.run.path.exists():
            with self.run.locked():
                self._stop(self._parts.values())

    def clean(self) -> None:
        """Stop everything and delete the data. Databases and topics on external servers are left alone."""
        self.down()
        delete_data_outside(self.run)
        shutil.rmtree(self.run.path, ignore_errors=True)

    def start(self, name: str) -> None:
        """Start one process again, on its port, with its data; does nothing when it runs."""
        part = self._part(name)
        with self._starting():
            if isinstance(part, RunningService):
                self._start_services([part])
            else:
                self._wait(part, told=part.launch())

    def stop(self, name: str) -> None:
        """Stop one process in an orderly way."""
        with self.run.locked():
            self._stop([self._part(name)])

    def kill9(self, name: str) -> None:
        """Kill one process and its children, as a crash would."""
        self._part(name).process.kill()
        self._console.print(f"{name:<10} killed")

    def restart(self, name: str) -> None:
        """Stop one process in an orderly way and start it again."""
        self.stop(name)
        self.start(name)

    def job(self, service: str, name: str, entity: str, on: date) -> None:
        """Do a service's job by its command line, with the environment it runs in, and return when it is done."""
        running = self._services[service]
        running.job(running.environment(self._database_of(running), self.kafka, self._surroundings()), name, entity, on)

    def status(self) -> list[Status]:
        """Return what runs and what does not; nothing when the platform was never started here."""
        if not self.run.ports.exists():
            return []
        return [self._status_of(name, part) for name, part in self._parts.items() if not self._is_external(part)]

    def _start_infrastructure(self) -> None:
        for external in (self._external_kafka, self._external_postgres):
            if external is not None:
                external.require_reachable()
        embedded = [part for part in (self._kafka, self._postgres) if not self._is_external(part)]
        launched = [part.launch() for part in embedded]
        for part, told in zip(embedded, launched, strict=True):
            self._wait(part, told=told)

    def _start_services(self, services: Collection[RunningService]) -> None:
        around = self._surroundings()
        started = start_stopped({service: service.environment(self._database_of(service), self.kafka, around) for service in services})
        for service in services:
            self._wait(service, told=service in started)

    def _surroundings(self) -> Surroundings:
        urls = {name: service.http for name, service in self._services.items()}
        return Surroundings(urls, self.run.secret("credentials"), browser_packages(CONSOLE, CACHE, self._console))

    def _wait(self, part: Part, *, told: bool) -> None:
        began = time.monotonic()
        part.wait_ready()
        if told:
            self._console.print(f"{part.process.name:<10} ready     {address_of(part):<28} {time.monotonic() - began:4.1f} s")

    @contextlib.contextmanager
    def _starting(self) -> Iterator[None]:
        """Stop whatever has been started meanwhile when the rest fails or ctrl-C is pressed; nothing is left half up."""
        self.run.path.mkdir(parents=True, exist_ok=True)
        with self.run.locked():
            self.run.create()
            ran_before = [part for part in self._parts.values() if part.process.find() is not None]
            try:
                yield
            except BaseException:
                self._stop(part for part in self._parts.values() if part not in ran_before)
                raise

    def _stop(self, parts: Iterable[Part]) -> None:
        for part in reversed(list(parts)):
            if part.process.find() is None:
                continue
            try:
                part.stop()
            except KeyboardInterrupt:  # pressed again: no more patience
                part.process.kill()
            self._console.print(f"{part.process.name:<10} stopped")

    def _endpoints_now(self) -> Endpoints:
        services = {name: service.endpoints(self._database_of(service)) for name, service in self._services.items()}
        seed = self.run.secret("credentials")
        return Endpoints(self.kafka, services, credentials_from(seed), CHANNELS, operators_from(seed))

    def _database_of(self, service: RunningService) -> str:
        return (self._external_postgres or self._postgres).database(service.service.database)

    def _part(self, name: str) -> Part:
        if name not in self._parts:
            raise PlatformFailure(f"there is no `{name}`", f"name one of: {', '.join(self._parts)}")
        if self._is_external(self._parts[name]):
            raise PlatformFailure(f"{name} is external (its address is in the environment)", "start and stop it where it runs")
        return self._parts[name]

    def _is_external(self, part: Part) -> bool:
        return (part is self._kafka and self._external_kafka is not None) or (part is self._postgres and self._external_postgres is not None)

    def _status_of(self, name: str, part: Part) -> Status:
        process = part.process.find()
        return Status(name=name, pid=process.pid if process else None, address=address_of(part))


def address_of(part: Part) -> str:
    """Return where the part listens, without any credential."""
    if isinstance(part, RunningService):
        return part.http
    return part.bootstrap_servers if isinstance(part, Kafka) else f"127.0.0.1:{part.ports.port_of(postgres.NAME)}"
