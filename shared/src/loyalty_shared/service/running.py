"""One process of a service: its HTTP side, its consumers and its relay on one event loop, until SIGTERM.

Kafka or PostgreSQL being away ends none of them: the service is not ready until they are back, and goes on then.
"""

import asyncio
import signal
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Final

import msgspec
import structlog
import uvicorn

from loyalty_shared.messaging.consumer import ConsumerRuntime
from loyalty_shared.messaging.dead_letter_topic import DeadLetterTopic
from loyalty_shared.messaging.pauses import wait_for_stop
from loyalty_shared.messaging.relay import Relay
from loyalty_shared.messaging.retrying import retry_dead_letter
from loyalty_shared.messaging.standing import Standing
from loyalty_shared.messaging.threads import in_thread
from loyalty_shared.messaging.watch import ConsumerWatch
from loyalty_shared.persistence.connections import is_transient
from loyalty_shared.persistence.dead_letters import DeadLetter, Rejected
from loyalty_shared.service.parts import Foundation, Service, ServiceSettings, Sweep
from loyalty_shared.web.app import AppParts, Check, create_app

ROLES: Final = ("api", "consumer", "relay")
#: Threads for what blocks: consumers, the relay and sweeps. The API has its own.
WORKER_THREADS: Final = 16
PREPARE_RETRY_SECONDS: Final = 1.0
#: How long open HTTP calls may take to end once the process is told to stop.
CLOSE_SECONDS_MAX: Final = 10
KEEP_ALIVE_SECONDS: Final = 75
DONE: Final = 0
FAILED: Final = 1

log = structlog.get_logger()


class _Server(uvicorn.Server):
    """uvicorn, which leaves the signals to this process."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def run(name: str, settings: ServiceSettings, foundation: Foundation, service: Service, roles: frozenset[str]) -> int:
    """Run the roles until SIGTERM or SIGINT, and return the process's exit code: 1 when a part ended that should not have."""
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(WORKER_THREADS, thread_name_prefix=name))
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)

    bootstrap, database, metrics = settings.kafka_bootstrap_servers, foundation.database, foundation.metrics
    standing = Standing(metrics)
    consumers = ConsumerRuntime(bootstrap, database, service.subscriptions, metrics, standing)
    watch = ConsumerWatch(bootstrap, database, service.subscriptions, metrics, standing)
    dead_letters = [DeadLetterTopic(subscription.group) for subscription in service.subscriptions]
    relay = Relay(
        bootstrap, database, [*service.outgoing, *dead_letters], source=f"/loyalty/{name}", inputs=service.subscriptions, metrics=metrics
    )  # fmt: skip
    prepared = asyncio.Event()
    checks: dict[str, Check] = {"prepared": lambda: None if prepared.is_set() else "not prepared yet: see the log"}
    if "consumer" in roles:
        checks["consumers"] = lambda: "; ".join(standing.waiting()) or None
    if "relay" in roles:
        checks["relay"] = lambda: relay.waiting_for
    server = _server(name, settings, foundation, service, checks, watch)

    parts = {"watch": asyncio.create_task(watch.run())}
    if "api" in roles:
        parts["api"] = asyncio.create_task(server.serve())
    log.info("starting", roles=sorted(roles), http=f"{settings.http_host}:{settings.http_port}")
    try:
        if await _prepare(service, stopping):
            prepared.set()
            if "consumer" in roles:
                parts["consumers"] = asyncio.create_task(consumers.run())
                parts |= {f"sweep {sweep.name}": asyncio.create_task(_sweep(sweep, stopping)) for sweep in service.sweeps}
            if "relay" in roles:
                parts["relay"] = asyncio.create_task(relay.run())
        await _until_told_or_ended(stopping, parts)
        return DONE if stopping.is_set() else FAILED
    finally:
        stopping.set()
        log.info("stopping")
        consumers.stop()  # first: what they commit last, the relay still publishes
        await _ended(parts, "consumers")
        relay.stop()
        await _ended(parts, "relay")
        server.should_exit = True
        watch.stop()
        await asyncio.gather(*parts.values(), return_exceptions=True)
        log.info("stopped")


def _server(name: str, settings: ServiceSettings, foundation: Foundation, service: Service, checks: Mapping[str, Check], watch: ConsumerWatch) -> _Server:
    app = create_app(
        AppParts(
            service=name,
            summary=service.summary,
            routers=service.routers,
            database=foundation.database,
            metrics=foundation.metrics,
            checks=checks,
            consumers=lambda: [_shown(status) for status in watch.status()],
            retry_dead_letter=_retrier(service),
            clock=foundation.clock,
        )
    )
    config = uvicorn.Config(
        app, host=settings.http_host, port=settings.http_port, log_config=None, access_log=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS, timeout_graceful_shutdown=CLOSE_SECONDS_MAX,
    )  # fmt: skip
    return _Server(config)


def _shown(status: object) -> Mapping[str, Any]:
    shown: Mapping[str, Any] = msgspec.to_builtins(status)
    return shown


def _retrier(service: Service) -> Callable[[DeadLetter], Rejected | None]:
    by_group = {subscription.group: subscription for subscription in service.subscriptions}
    return lambda letter: retry_dead_letter(by_group[letter.group], letter)


async def _prepare(service: Service, stopping: asyncio.Event) -> bool:
    """Prepare the service, again and again while its database is away; False when told to stop before."""
    while not stopping.is_set():
        try:
            await in_thread(service.prepare)
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("waits for the database", error=str(error))
            await wait_for_stop(stopping, PREPARE_RETRY_SECONDS)
        else:
            return True
    return False


async def _sweep(sweep: Sweep, stopping: asyncio.Event) -> None:
    """Do the sweep until stopping. One that fails is tried again next time: it is due until it is done."""
    while not await wait_for_stop(stopping, sweep.every_seconds):
        try:
            await in_thread(sweep.do)
        except Exception as error:
            if is_transient(error):
                log.warning("sweep waits for the database", sweep=sweep.name, error=str(error))
            else:
                log.exception("sweep failed", sweep=sweep.name)


async def _until_told_or_ended(stopping: asyncio.Event, parts: Mapping[str, "asyncio.Task[None]"]) -> None:
    """Return when the process is told to stop, or a part has ended by itself, which none should."""
    told = asyncio.create_task(stopping.wait())
    ended, _ = await asyncio.wait([told, *parts.values()], return_when=asyncio.FIRST_COMPLETED)
    told.cancel()
    for name, task in parts.items():
        if task in ended:
            log.error("a part has ended", part=name, error=repr(task.exception()) if not task.cancelled() else "cancelled")


async def _ended(parts: Mapping[str, "asyncio.Task[None]"], name: str) -> None:
    if name in parts:
        await asyncio.wait([parts[name]])
