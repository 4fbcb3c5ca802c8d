"""Velocity watching: accrual's suspects, followed by Faust, and the alerts that too many of them within a window raise.

Advice for staff. Suspects are kept as long as a window may need them; alerts for a year.
"""

from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

import msgspec
from psycopg2.extensions import cursor as Cursor
from psycopg2.extras import execute_values

from loyalty_shared.contracts.accrual import SuspectNoticedV1
from loyalty_shared.contracts.topics import ACCRUAL_SUSPECTS, Topic
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.observability.metrics import Metrics
from loyalty_shared.persistence.connections import Database
from reporting.domain.alerts import WATCHED, WINDOW, AlertKind
from reporting.metrics import ALERTS, SUSPECTS

SUSPECTS_KEPT_FOR: Final = WINDOW + timedelta(hours=2)
ALERTS_KEPT_FOR: Final = timedelta(days=366)
#: Suspects that wait for the database, at most; the oldest go first when it is away for long.
WAITING_MAX: Final = 100_000

_ADD: Final = """
insert into suspect (legal_entity, kind, source_system, no, leg, customer_no, occurred_at, institution, events, noted_at) values %s on conflict do nothing
"""
#: Of each customer and kind that something was added to, the window that ends with its latest suspect. One alert a day is raised, and then brought up to date.
_RAISE: Final = """
with latest as (
    select legal_entity, customer_no, kind, max(occurred_at) as until from unnest(%(entities)s::text[], %(customers)s::text[], %(kinds)s::text[])
        as touched (legal_entity, customer_no, kind) join suspect using (legal_entity, customer_no, kind) group by 1, 2, 3
), counted as (
    select legal_entity, customer_no, kind, until, sum(events)::bigint as events, min(occurred_at) as first_at,
        (array_agg(institution order by occurred_at desc))[1] as institution
    from latest join suspect using (legal_entity, customer_no, kind) where occurred_at > until - %(window)s and occurred_at <= until group by 1, 2, 3, 4
)
insert into alert (legal_entity, customer_no, kind, alert_on, events, first_at, last_at, institution, raised_at)
select legal_entity, customer_no, kind, (until at time zone coalesce(zone, 'UTC'))::date, events, first_at, until, institution, %(at)s
from counted left join entity using (legal_entity)
where events >= (%(minima)s::jsonb ->> kind)::bigint
on conflict (legal_entity, customer_no, kind, alert_on) do update
    set events = greatest(alert.events, excluded.events), first_at = least(alert.first_at, excluded.first_at),
        last_at = greatest(alert.last_at, excluded.last_at)
returning (xmax = 0)
"""
_KINDS: Final = frozenset(kind.value for kind in AlertKind)
_MINIMA: Final = msgspec.json.encode({kind.value: watched.events_min for kind, watched in WATCHED.items()}).decode()
_LIST: Final = """
select alert_id, customer_no, kind, alert_on, events, first_at, last_at, institution, raised_at from alert
where legal_entity = %(legal_entity)s and alert_id < %(before)s and (%(kind)s::text is null or kind = %(kind)s)
    and (%(customer_no)s::text is null or customer_no = %(customer_no)s) and (%(institutions)s::text[] is null or institution = any(%(institutions)s))
order by alert_id desc limit %(limit)s
"""


class SuspectWatch:
    """Keeps suspects for a while and raises alerts. A suspect seen twice counts once."""

    def __init__(self, database: Database, clock: Clock, metrics: Metrics) -> None:
        self._database = database
        self._clock = clock
        self._metrics = metrics
        self._waiting: deque[SuspectNoticedV1] = deque()

    @property
    def topic(self) -> Topic:
        """Return what is followed."""
        return ACCRUAL_SUSPECTS

    def take(self, value: bytes) -> None:
        """Take one record; one that cannot be read, or whose kind is not watched, is passed by."""
        with suppress(msgspec.DecodeError):
            suspect = msgspec.json.decode(value, type=SuspectNoticedV1)
            if suspect.kind in _KINDS:
                self._waiting.append(suspect)
        while len(self._waiting) > WAITING_MAX:
            self._waiting.popleft()
            self._metrics.counter(SUSPECTS).labels(outcome="dropped").inc()

    def write(self) -> None:
        """Keep what waits and raise what it comes to. Done again when it failed: neither a suspect nor an alert is there twice."""
        suspects = list(self._waiting)
        if suspects:
            with self._database.transaction() as cursor:
                raised = self._keep(cursor, suspects)
            self._metrics.counter(ALERTS).inc(raised)
        for _ in suspects:
            self._waiting.popleft()
        self._metrics.counter(SUSPECTS).labels(outcome="kept").inc(len(suspects))

    def _keep(self, cursor: Cursor, suspects: Sequence[SuspectNoticedV1]) -> int:
        now = self._clock.now()
        rows = [
            (one.legal_entity, one.kind, one.source_system, one.no, one.leg, one.customer_no, one.occurred_at, one.institution, one.events, now)
            for one in suspects
        ]
        execute_values(cursor, _ADD, rows)
        entities, customers, kinds = zip(*sorted({(one.legal_entity, one.customer_no, one.kind) for one in suspects}), strict=True)
        touched = {"entities": list(entities), "customers": list(customers), "kinds": list(kinds), "window": WINDOW, "minima": _MINIMA, "at": now}
        cursor.execute(_RAISE, touched)
        return sum(is_new for (is_new,) in cursor.fetchall())

    def forget(self) -> None:
        """Delete what no window needs and what nobody asks for any more."""
        now = self._clock.now()
        with self._database.transaction() as cursor:
            cursor.execute("delete from suspect where noted_at < %s", (now - SUSPECTS_KEPT_FOR,))
            cursor.execute("delete from alert where raised_at < %s", (now - ALERTS_KEPT_FOR,))


def list_alerts(
    cursor: Cursor, legal_entity: str, *, kind: AlertKind | None, customer_no: str | None, institutions: frozenset[str] | None, before: int, limit: int
) -> list[dict[str, Any]]:
    """Return alerts, latest raised first, before the one of a number; only those whose latest event was at one of the institutions, unless they are None."""
    names = None if institutions is None else sorted(institutions)
    wanted = {"legal_entity": legal_entity, "kind": kind and kind.value, "customer_no": customer_no, "institutions": names, "before": before, "limit": limit}
    cursor.execute(_LIST, wanted)
    fields = ("alert_id", "customer_no", "kind", "alert_on", "events", "first_at", "last_at", "institution", "raised_at")
    return [dict(zip(fields, row, strict=True)) for row in cursor.fetchall()]
