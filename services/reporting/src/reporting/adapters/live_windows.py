"""Live windows: points and transactions by the minute, from accrual's summaries, followed by Faust.

The safe subset (architecture.md section 5): one record per committed batch and not per event, concurrency 1, a body that never raises, no tables.
What it shows is advice, kept for an hour, and can be made again; nothing that counts rests on it. It has a thread and an event loop of its own, so that
nothing it does or suffers holds up the service.
"""

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from tempfile import TemporaryDirectory
from typing import Any, Final

import faust
import msgspec
from psycopg2.extensions import cursor as Cursor
from psycopg2.extras import execute_values

from loyalty_shared.contracts.accrual import BatchDecidedV1
from loyalty_shared.contracts.topics import ACCRUAL_BATCHES
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.observability.logs import logger
from loyalty_shared.observability.metrics import Metrics
from loyalty_shared.persistence.connections import Database
from reporting.metrics import WINDOW_RECORDS, WINDOWS_FOLLOW

GROUP: Final = "reporting.live-windows"
KEPT_FOR: Final = timedelta(hours=1)
#: Batches that wait for the database, at most; the oldest go first when it is away for long.
WAITING_MAX: Final = 10_000
WRITE_EVERY_SECONDS: Final = 0.5
FORGET_EVERY_SECONDS: Final = 60.0
#: How long Kafka is left alone after it was away.
PAUSE_SECONDS: Final = 3.0
STOP_SECONDS_MAX: Final = 8.0

_ADD: Final = """
insert into live_group (batch_no, position, decided_at, legal_entity, institution, channel, outcome, events, points) values %s on conflict do nothing
"""
_WINDOWS: Final = """
select date_trunc('minute', decided_at) as minute, institution, channel, outcome, sum(events)::bigint, sum(points)::bigint
from live_group
where legal_entity = %(legal_entity)s and decided_at >= %(since)s
    and (%(institutions)s::text[] is null or institution = any(%(institutions)s))
group by 1, 2, 3, 4 order by 1, 2, 3, 4
"""

log = logger(__name__)


class LiveWindows:
    """Follows accrual's batches and keeps the last hour of them in the database; begins again by itself when Kafka or the database was away."""

    def __init__(self, bootstrap_servers: str, database: Database, clock: Clock, metrics: Metrics) -> None:
        self._broker = ";".join(f"kafka://{server}" for server in bootstrap_servers.split(","))
        self._database = database
        self._clock = clock
        self._metrics = metrics
        self._waiting: deque[BatchDecidedV1] = deque()
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

    def take(self, value: bytes) -> None:
        """Take one record; one that cannot be read is passed by, for the mart's own consumer sets it aside."""
        with suppress(msgspec.DecodeError):
            batch = msgspec.json.decode(value, type=BatchDecidedV1)
            if batch.decided_at >= self._clock.now() - KEPT_FOR:
                self._waiting.append(batch)
        while len(self._waiting) > WAITING_MAX:
            self._waiting.popleft()
            self._metrics.counter(WINDOW_RECORDS).labels(outcome="dropped").inc()

    def write(self) -> None:
        """Write what waits. A batch that was written before changes nothing, so a failed write is simply done again."""
        batches = list(self._waiting)
        rows = [row for batch in batches for row in _rows_of(batch)]
        if rows:
            with self._database.transaction() as cursor:
                execute_values(cursor, _ADD, rows)
        for _ in batches:
            self._waiting.popleft()
        self._metrics.counter(WINDOW_RECORDS).labels(outcome="kept").inc(len(batches))

    def forget(self) -> None:
        """Delete what no window shows any more."""
        with self._database.transaction() as cursor:
            cursor.execute("delete from live_group where decided_at < %s", (self._clock.now() - KEPT_FOR,))

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
        app = faust_app(self._broker, self.take, directory)
        try:
            await app.start()
            self._metrics.gauge(WINDOWS_FOLLOW).set(1)
            seconds_to_forget = 0.0
            while not self._stopping.is_set():
                if app.crashed or app.should_stop:
                    raise ConnectionError("Faust has stopped")
                await asyncio.sleep(WRITE_EVERY_SECONDS)
                seconds_to_forget -= WRITE_EVERY_SECONDS
                try:
                    await asyncio.to_thread(self.write)
                    if seconds_to_forget <= 0:
                        await asyncio.to_thread(self.forget)
                        seconds_to_forget = FORGET_EVERY_SECONDS
                except Exception as error:
                    log.warning("live windows wait for the database", waiting=len(self._waiting), error=f"{type(error).__name__}: {error}")
        finally:
            async with asyncio.timeout(STOP_SECONDS_MAX):
                await app.stop()


def faust_app(broker: str, take: Callable[[bytes], None], directory: str) -> faust.App:
    """Return a Faust application that hands every record of accrual's batches to `take`, in the safe subset. It wants a directory, and keeps nothing in it."""
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
    topic = app.topic(ACCRUAL_BATCHES.name, value_type=bytes, value_serializer="raw", partitions=ACCRUAL_BATCHES.partitions)

    @app.agent(topic, concurrency=1)
    async def follow(batches: Any) -> None:
        async for value in batches:
            try:
                take(value)
            except Exception:  # a body that raises loses records silently
                log.exception("live windows passed by a batch")

    app.finalize()
    return app


def list_windows(cursor: Cursor, legal_entity: str, since: datetime, institutions: frozenset[str] | None) -> list[tuple[datetime, str, str, str, int, int]]:
    """Return (minute, institution, channel, outcome, transactions, points) of each minute from `since` on."""
    names = None if institutions is None else sorted(institutions)
    cursor.execute(_WINDOWS, {"legal_entity": legal_entity, "since": since, "institutions": names})
    return list(cursor.fetchall())


def _rows_of(batch: BatchDecidedV1) -> list[tuple[Any, ...]]:
    return [
        (batch.batch_no, position, batch.decided_at, group["legal_entity"], group["institution"], group["channel"], group["outcome"], group["events"],
         group["points"])
        for position, group in enumerate(batch.groups)
    ]  # fmt: skip
