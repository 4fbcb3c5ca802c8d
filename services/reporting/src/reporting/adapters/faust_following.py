"""What Faust follows for reporting: summaries and suspects, never single events at full rate, and nothing that counts rests on it.

The safe subset (architecture.md section 5): concurrency 1, a body that never raises, no tables. It has a thread and an event loop of its own, so that
nothing it does or suffers holds up the service.
"""

import asyncio
import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Any, Final, Protocol

import faust

from loyalty_shared.contracts.topics import Topic
from loyalty_shared.observability.logs import logger
from loyalty_shared.observability.metrics import Metrics
from reporting.metrics import WINDOWS_FOLLOW

GROUP: Final = "reporting.live-windows"
WRITE_EVERY_SECONDS: Final = 0.5
FORGET_EVERY_SECONDS: Final = 60.0
#: How long Kafka is left alone after it was away.
PAUSE_SECONDS: Final = 3.0
STOP_SECONDS_MAX: Final = 8.0

log = logger(__name__)


class Followed(Protocol):
    """One topic and what is done with it."""

    @property
    def topic(self) -> Topic: ...

    def take(self, value: bytes) -> None:
        """Take one record, to be written with the next ones."""
        ...

    def write(self) -> None:
        """Write what waits. Done again when it failed."""
        ...

    def forget(self) -> None:
        """Delete what nobody is shown any more."""
        ...


class FaustFollowing:
    """Follows topics in a thread; begins again by itself when Kafka or the database was away."""

    def __init__(self, bootstrap_servers: str, followed: Sequence[Followed], metrics: Metrics) -> None:
        self._broker = ";".join(f"kafka://{server}" for server in bootstrap_servers.split(","))
        self._followed = followed
        self._metrics = metrics
        self._stopping = threading.Event()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Follow in a thread while the block runs."""
        thread = threading.Thread(target=self._run, name="live-windows", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stopping.set()
            thread.join(STOP_SECONDS_MAX)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                asyncio.run(self._follow())
            except Exception as error:
                log.warning("live windows wait for Kafka", error=f"{type(error).__name__}: {error}")
            self._metrics.gauge(WINDOWS_FOLLOW).set(0)
            self._stopping.wait(PAUSE_SECONDS)

    async def _follow(self) -> None:
        """Follow until stopped, or until Faust gives up."""
        with TemporaryDirectory(prefix="live-windows-") as directory:
            await self._follow_in(directory)

    async def _follow_in(self, directory: str) -> None:
        app = faust_app(self._broker, self._followed, directory)
        try:
            await app.start()
            self._metrics.gauge(WINDOWS_FOLLOW).set(1)
            seconds_to_forget = 0.0
            while not self._stopping.is_set():
                if app.crashed or app.should_stop:
                    raise ConnectionError("Faust has stopped")
                await asyncio.sleep(WRITE_EVERY_SECONDS)
                seconds_to_forget -= WRITE_EVERY_SECONDS
                forgets = seconds_to_forget <= 0
                for one in self._followed:
                    try:
                        await asyncio.to_thread(one.write)
                        if forgets:
                            await asyncio.to_thread(one.forget)
                    except Exception as error:
                        log.warning("live windows wait for the database", topic=one.topic.name, error=f"{type(error).__name__}: {error}")
                if forgets:
                    seconds_to_forget = FORGET_EVERY_SECONDS
        finally:
            async with asyncio.timeout(STOP_SECONDS_MAX):
                await app.stop()


def faust_app(broker: str, followed: Sequence[Followed], directory: str) -> faust.App:
    """Return a Faust application that hands every record to who follows its topic, in the safe subset. It wants a directory, and keeps nothing in it."""
    for name in ("faust", "mode"):
        logging.getLogger(name).setLevel(logging.WARNING)  # they tell every step of their own at INFO
    app = faust.App(
        GROUP,
        broker=broker,
        store="memory://",
        datadir=directory,
        value_serializer="raw",
        consumer_auto_offset_reset="earliest",
        topic_allow_declare=False,
        topic_disable_leader=True,
        web_enabled=False,
        autodiscover=False,
    )
    for one in followed:
        _add_agent(app, one)
    app.finalize()
    return app


def _add_agent(app: faust.App, one: Followed) -> None:
    topic = app.topic(one.topic.name, value_type=bytes, value_serializer="raw", partitions=one.topic.partitions)

    async def follow(values: Any) -> None:
        async for value in values:
            try:
                one.take(value)
            except Exception:  # a body that raises loses records silently
                log.exception("live windows passed by a record", topic=one.topic.name)

    app.agent(topic, name=f"follow-{one.topic.name}", concurrency=1)(follow)
