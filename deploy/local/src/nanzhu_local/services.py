"""Which services there are, as data, and how each is started."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import httpx

from nanzhu_local.credentials import token_of
from nanzhu_local.endpoints import ServiceEndpoints
from nanzhu_local.failures import PlatformFailure
from nanzhu_local.ports import Ports
from nanzhu_local.processes import BackgroundProcess, Command, run_to_end
from nanzhu_local.run_directory import RunDirectory

READY_SECONDS_MAX = 90.0
STOP_SECONDS_MAX = 30.0
MIGRATE_SECONDS_MAX = 180.0
MIGRATIONS_AT_ONCE = 2
JOB_SECONDS_MAX = 300.0
HEALTH_TIMEOUT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a service may be told about the rest: the base URL of every service by name, the seed of the credentials, and what browsers load."""

    http: Mapping[str, str]
    credentials_seed: str
    browser_packages: Path


def nothing_more(around: Surroundings) -> dict[str, str]:
    """Return no environment beyond what every service gets."""
    return {}


def console_environment(around: Surroundings) -> dict[str, str]:
    """Return what the console needs: the seed that credentials come from, whom to ask which business date they follow, and what its pages show and load."""
    others = {name: url for name, url in around.http.items() if name != "console"}
    return {
        "CONSOLE_FOLLOWERS": json.dumps(others),
        "CONSOLE_SERVICES": json.dumps(others),
        "CONSOLE_BROWSER_PACKAGES": str(around.browser_packages),
        "CONSOLE_CREDENTIALS_SEED": around.credentials_seed,
    }


def gift_order_environment(around: Surroundings) -> dict[str, str]:
    """Return what gift-order needs: where redemption is, and the token it reserves and captures points with."""
    token = token_of(around.credentials_seed, "services", "gift-order")
    return {"GIFT_ORDER_REDEMPTION_URL": around.http["redemption"], "GIFT_ORDER_REDEMPTION_TOKEN": token}


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service of the platform; its command has the same name. `niceness`: how far its work gives way to the others' when processors are short."""

    name: str
    niceness: int = 0
    roles: tuple[str, ...] = ("api", "consumer", "relay")
    extra_environment: Callable[[Surroundings], dict[str, str]] = nothing_more

    @property
    def prefix(self) -> str:
        return self.name.upper().replace("-", "_")

    @property
    def database(self) -> str:
        return self.name.replace("-", "_")


READERS_NICENESS = 5

SERVICES = (
    Service(name="console", extra_environment=console_environment),
    Service(name="accrual"),
    Service(name="redemption"),
    Service(name="merchant"),
    Service(name="gift-order", extra_environment=gift_order_environment),
    # What is posted comes before what is reported of it: these read the ledger's topic when the others leave them the time.
    Service(name="settlement", niceness=READERS_NICENESS),
    Service(name="reporting", niceness=READERS_NICENESS),
)


@dataclass(slots=True, eq=False)
class RunningService:
    """One service as a process on this machine."""

    service: Service
    run: RunDirectory
    ports: Ports
    process: BackgroundProcess = field(init=False)

    def __post_init__(self) -> None:
        self.process = BackgroundProcess(self.service.name, self.run)

    @property
    def http(self) -> str:
        return f"http://127.0.0.1:{self.ports.port_of(self.service.name)}"

    def endpoints(self, database_url: str) -> ServiceEndpoints:
        """Return its addresses as clients see them."""
        return ServiceEndpoints(http=self.http, metrics=f"{self.http}/metrics", database=database_url)

    def migrate(self, environment: Mapping[str, str]) -> None:
        """Bring its database up to date."""
        run_to_end(self.service.name, self.run, self._command(environment, "migrate"), MIGRATE_SECONDS_MAX)

    def job(self, environment: Mapping[str, str], name: str, entity: str, on: date) -> None:
        """Do one of its jobs as the command line does, for an entity's business date; raise PlatformFailure unless it succeeds."""
        run_to_end(self.service.name, self.run, self._command(environment, "job", name, "--entity", entity, "--on", on.isoformat()), JOB_SECONDS_MAX)

    def start(self, environment: Mapping[str, str]) -> None:
        """Start it; its database is up to date."""
        self.ports.require_free(self.service.name)
        self.process.start(self._command(environment, "serve", "--roles", ",".join(self.service.roles)))
        self.process.give_way(self.service.niceness)

    def environment(self, database_url: str, kafka: str, around: Surroundings) -> dict[str, str]:
        """Return the environment of its commands."""
        return os.environ | environment_of(self.service, self.ports.port_of(self.service.name), database_url, kafka, around)

    def wait_ready(self) -> None:
        """Wait until its readiness check agrees."""
        self.process.wait_until(self._is_ready, READY_SECONDS_MAX)

    def stop(self) -> None:
        """Stop it in an orderly way: it finishes the batch in hand."""
        self.process.stop(signal.SIGTERM, STOP_SECONDS_MAX)

    def _is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.http}/health/ready", timeout=HEALTH_TIMEOUT_SECONDS, trust_env=False).status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    def _command(self, environment: Mapping[str, str], *arguments: str) -> Command:
        program = Path(sys.prefix) / "bin" / self.service.name
        if not program.exists():
            raise PlatformFailure(f"the command of the service {self.service.name} is missing ({program})", "run `uv sync` (or `make up`, which does)")
        return Command(arguments=[str(program), *arguments], environment=environment, directory=self.run.path)


def start_stopped(environments: Mapping[RunningService, Mapping[str, str]]) -> Collection[RunningService]:
    """Start the services that do not run, and return them: first all databases are brought up to date, some side by side, then all are started."""
    stopped = [service for service in environments if service.process.find() is None]
    with ThreadPoolExecutor(MIGRATIONS_AT_ONCE) as migrating:
        list(migrating.map(RunningService.migrate, stopped, [environments[service] for service in stopped]))
    for service in stopped:
        service.start(environments[service])
    return stopped


def environment_of(service: Service, http_port: int, database_url: str, kafka: str, around: Surroundings) -> dict[str, str]:
    """Return the settings of a service as environment variables."""
    return {
        f"{service.prefix}_DATABASE_URL": database_url,
        f"{service.prefix}_KAFKA_BOOTSTRAP_SERVERS": kafka,
        f"{service.prefix}_HTTP_HOST": "127.0.0.1",
        f"{service.prefix}_HTTP_PORT": str(http_port),
        **service.extra_environment(around),
    }
