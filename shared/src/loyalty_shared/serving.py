"""One service as a process: HTTP, consumers, relay and chores on one event loop.

Kafka or PostgreSQL being away, at the start or later, is no reason to end: the service is not ready until they are back.
"""

import asyncio
import gc
import json
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

import pydantic
import uvicorn
from fastapi import FastAPI
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource

from loyalty_shared.messaging.consumer import ConsumerRuntime
from loyalty_shared.messaging.metrics import MESSAGING_METRICS
from loyalty_shared.messaging.outgoing import OutgoingTopic
from loyalty_shared.messaging.pauses import Pauses, wait_for_stop
from loyalty_shared.messaging.relay import Relay
from loyalty_shared.messaging.standing import Standing
from loyalty_shared.messaging.subscriptions import Subscription
from loyalty_shared.messaging.threads import in_thread
from loyalty_shared.messaging.watch import ConsumerWatch
from loyalty_shared.observability.logs import logger
from loyalty_shared.observability.metrics import Declared, Kind, Metrics
from loyalty_shared.persistence.connections import Database, is_transient

#: What `make up` writes, seen from the directory where it was started.
LOCAL_ENDPOINTS: Final = Path(".run/endpoints.json")
ROLES: Final = ("api", "consumer", "relay")
#: Blocking calls at one time: batches, decoding, relay steps, chores. HTTP calls have threads of their own.
THREADS_MAX: Final = 32
GRACEFUL_STOP_SECONDS: Final = 10
#: A chore is done for the first time this soon, however seldom it comes up: a process that has just started would look as if nothing were ever checked.
CHORE_FIRST_SECONDS_MAX: Final = 15.0
#: How seldom a chore that fails every time is tried.
CHORE_PAUSE_SECONDS_MAX: Final = 30.0
#: Batches make some hundred thousand objects that all die together, without cycles: garbage is looked for only when more than that is alive (the default
#: is 700). At 50,000 every batch was looked through while it was in hand, for 7% of the service's processor time.
GC_THRESHOLDS: Final = (500_000, 10, 10)

CHORE_FAILURES: Final = Declared(
    "loyalty_chore_failures_total", Kind.COUNTER, "Runs of a background chore that failed; it is tried again", "Rising: the log says why", ("chore",)
)
#: What every service adds to its own metrics.
SERVICE_METRICS: Final = (*MESSAGING_METRICS, CHORE_FAILURES)

#: Tells what is wrong, or None when all is well.
Check = Callable[[], str | None]
#: Does the work of one entity's date and returns what it did, in a line. Doing it twice for a date changes nothing.
Job = Callable[[str, date], str]

log = logger(__name__)


class ServiceSettings(BaseSettings):
    """What every service is told by its environment. A service adds what is its own, and `SettingsConfigDict(env_prefix="ACCRUAL_", frozen=True)`."""

    database_url: str
    kafka_bootstrap_servers: str
    http_host: str = "127.0.0.1"
    http_port: int = pydantic.Field(default=8000, ge=1, le=65_535)
    log_level: str = "INFO"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Where the environment says nothing, use the platform that `make up` started here: jobs are also run by hand (contracts.md section 3)."""
        name = str(settings_cls.model_config.get("env_prefix", "")).rstrip("_").lower().replace("_", "-")
        return init_settings, env_settings, dotenv_settings, file_secret_settings, InitSettingsSource(settings_cls, started_here(name))


def started_here(service: str, endpoints: Path = LOCAL_ENDPOINTS) -> dict[str, Any]:
    """Return what a service is told by the platform that runs from this directory; nothing when there is none."""
    try:
        told = json.loads(endpoints.read_bytes())
        return {"database_url": told["services"][service]["database"], "kafka_bootstrap_servers": told["kafka"]}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Chore:
    """Work that comes up by itself, done every so many seconds in the `consumer` role; safe in several processes at once."""

    name: str
    every_seconds: float
    run: Callable[[], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What a service's main builds. `make_app` gets the checks of readiness and the rows of `GET /v1/consumers`; `prepare` runs after each migration
    and at each start, and is safe to run twice. `metrics` must hold SERVICE_METRICS."""

    name: str
    settings: ServiceSettings
    database: Database
    metrics: Metrics
    migrations: Path
    make_app: Callable[[Mapping[str, Check], Callable[[], Sequence[Mapping[str, Any]]]], FastAPI]
    subscriptions: Sequence[Subscription] = ()
    outgoing: Sequence[OutgoingTopic] = ()
    chores: Sequence[Chore] = ()
    jobs: Mapping[str, Job] = field(default_factory=dict)
    prepare: Callable[[], None] = lambda: None


async def serve(service: Service, roles: frozenset[str]) -> bool:
    """Run the roles side by side until SIGTERM or SIGINT, then let each finish what it has in hand. Return False when a part failed instead."""
    settings, database, metrics = service.settings, service.database, service.metrics
    loop, stopping = asyncio.get_running_loop(), asyncio.Event()
    loop.set_default_executor(ThreadPoolExecutor(THREADS_MAX, thread_name_prefix=service.name))
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)

    standing = Standing(metrics)
    watch = ConsumerWatch(settings.kafka_bootstrap_servers, database, service.subscriptions, metrics, standing)
    checks: dict[str, Check] = {"kafka": watch.kafka_fault}
    parts: list[tuple[str, Any]] = [("watch", watch)]
    if "consumer" in roles:
        parts.append(("consumer", ConsumerRuntime(settings.kafka_bootstrap_servers, database, service.subscriptions, metrics, standing)))
        checks["consumers"] = lambda: "; ".join(standing.waiting()) or None
        parts += [(chore.name, _Repeated(chore, metrics)) for chore in service.chores]
    if "relay" in roles and service.outgoing:
        relay = Relay(
            settings.kafka_bootstrap_servers, database, service.outgoing, source=f"/loyalty/{service.name}", inputs=service.subscriptions, metrics=metrics
        )
        parts.append(("relay", relay))
        checks["relay"] = lambda: relay.waiting_for
    app = service.make_app(checks, lambda: [asdict(status) for status in watch.status()])
    parts += [("http", _Http(app, settings)), ("prepare", _Prepared(service))]
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    log.info("started", roles=sorted(roles), http=f"{settings.http_host}:{settings.http_port}")
    return await _run_until(stopping, parts)


async def _run_until(stopping: asyncio.Event, parts: Sequence[tuple[str, Any]]) -> bool:
    """Run the parts until the signal, or until one fails; then stop them all."""

    async def run(name: str, part: Any) -> bool:
        try:
            await part.run()
        except Exception:
            log.exception("part failed", part=name)
            stopping.set()
            return False
        return True

    tasks = [asyncio.create_task(run(name, part)) for name, part in parts]
    await stopping.wait()
    log.info("stopping")
    for _, part in parts:
        part.stop()
    went_well = all(await asyncio.gather(*tasks))
    log.info("stopped")
    return went_well


class _Http:
    """The HTTP server, on this loop; signals are the service's."""

    def __init__(self, app: FastAPI, settings: ServiceSettings) -> None:
        config = uvicorn.Config(
            app,
            host=settings.http_host,
            port=settings.http_port,
            http="httptools",  # 32 us of processor for a small POST, where uvicorn's other parser, in Python, takes 136
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=GRACEFUL_STOP_SECONDS,
        )
        self._server = _Server(config)

    async def run(self) -> None:
        try:
            await self._server.serve()
        except SystemExit as error:  # uvicorn's word for an address that is taken
            raise OSError("the HTTP address cannot be listened on; see the log") from error

    def stop(self) -> None:
        self._server.should_exit = True


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _Repeated:
    """A chore, over and over."""

    def __init__(self, chore: Chore, metrics: Metrics) -> None:
        self._chore = chore
        self._metrics = metrics
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        pause_seconds = min(self._chore.every_seconds, CHORE_FIRST_SECONDS_MAX)
        while not await wait_for_stop(self._stopping, pause_seconds):
            try:
                await in_thread(self._chore.run)
                pause_seconds = self._chore.every_seconds
            except Exception as error:
                pause_seconds = min(2 * pause_seconds, CHORE_PAUSE_SECONDS_MAX)
                self._metrics.counter(CHORE_FAILURES).labels(chore=self._chore.name).inc()
                log.warning("chore failed", chore=self._chore.name, error=f"{type(error).__name__}: {error}", exc_info=not is_transient(error))

    def stop(self) -> None:
        self._stopping.set()


class _Prepared:
    """The service's preparation, as soon as its database answers."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        pauses = Pauses(self._stopping)
        while not self._stopping.is_set():
            try:
                await in_thread(self._service.prepare)
            except Exception as error:
                if not is_transient(error):
                    raise
            else:
                return
            await pauses.pause()

    def stop(self) -> None:
        self._stopping.set()
