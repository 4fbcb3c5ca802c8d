"""Live windows: points and transactions by the minute, from accrual's summaries: one record per committed batch and not per event, followed by Faust.

What it shows is advice, kept for an hour, and can be made again; nothing that counts rests on it.
"""

from collections import deque
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from psycopg2.extensions import cursor as Cursor
from psycopg2.extras import execute_values

from loyalty_shared.contracts.accrual import BatchDecidedV1
from loyalty_shared.contracts.topics import ACCRUAL_BATCHES, Topic
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.observability.metrics import Metrics
from loyalty_shared.persistence.connections import Database
from reporting.metrics import WINDOW_RECORDS

KEPT_FOR: Final = timedelta(hours=1)
#: Batches that wait for the database, at most; the oldest go first when it is away for long.
WAITING_MAX: Final = 10_000

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


class LiveWindows:
    """Keeps the last hour of accrual's batches in the database."""

    def __init__(self, database: Database, clock: Clock, metrics: Metrics) -> None:
        self._database = database
        self._clock = clock
        self._metrics = metrics
        self._waiting: deque[BatchDecidedV1] = deque()

    @property
    def topic(self) -> Topic:
        """Return what is followed."""
        return ACCRUAL_BATCHES

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
