"""A mart on a real database, fed as its consumers would feed it."""

import itertools
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from loyalty_shared.contracts.accrual import Cause
from loyalty_shared.contracts.redemption import DayClosedV1, EntryLot, EntryPostedV1
from loyalty_shared.contracts.topics import REDEMPTION_LEDGER
from loyalty_shared.kernel.clock import SystemClock
from loyalty_shared.messaging.records import Batch
from loyalty_shared.persistence.connections import Database
from loyalty_shared.persistence.migrations import migrate
from loyalty_shared.persistence.offsets import Position, Span
from reporting.adapters.invariants import check_invariants
from reporting.adapters.recording import begin_recording_on
from reporting.application.record_entries import RecordEntries
from reporting.main import MIGRATIONS

MARCH_1 = date(2026, 3, 1)
MARCH_2 = date(2026, 3, 2)
MARCH_3 = date(2026, 3, 3)
NOW = datetime(2026, 3, 1, 1, 30, tzinfo=UTC)
GROUP = "reporting.record-entries"

_numbers = itertools.count(1)


def lot_of(points: int, institution: str = "450100") -> EntryLot:
    """Return what an entry put into a lot of an institution, or took from it."""
    return EntryLot(lot_id=f"base::retail:{institution}", points=points, available_on=None, expires_on=None, party="retail", institution=institution)


def entry_of(
    kind: str = "earned",
    points: int = 10,
    *,
    lots: Sequence[EntryLot] | None = None,
    counter: str = "issued:retail",
    no: str | None = None,
    business_on: date = MARCH_1,
    institution: str | None = "450100",
    **others: Any,
) -> EntryPostedV1:
    """Return an entry of a new cause; on one lot of its institution unless told otherwise."""
    number = next(_numbers)
    customers = f"customer:{others.get('point_type', 'base')}"
    fields: dict[str, Any] = {"legal_entity": "001", "customer_no": "C1", "point_type": "base", "rule_code": None, "application": None, "channel": None}
    return EntryPostedV1(
        entry_id=f"{number}-0", account_version=number, kind=kind, points=points,
        lots=tuple((lot_of(points, institution or "450100"),) if lots is None else lots),
        cause=Cause(kind="transaction", source_system="core", no=no or f"T{number}"), institution=institution, business_on=business_on, balance_after=0,
        debit_account=counter if points > 0 else customers, credit_account=customers if points > 0 else counter, posted_at=NOW, **{**fields, **others},
    )  # fmt: skip


def closes_of(entries: Mapping[int, Sequence[EntryPostedV1]], on: date, legal_entity: str = "001") -> dict[int, DayClosedV1]:
    """Return what the ledger says when it closes a date, by partition, of the entries that it posted in each."""
    closes = {}
    for partition in range(REDEMPTION_LEDGER.partitions):
        of_day = [entry for entry in entries.get(partition, ()) if entry.business_on == on and entry.legal_entity == legal_entity]
        points: defaultdict[str, int] = defaultdict(int)
        for entry in of_day:
            points[entry.kind] += entry.points
        closes[partition] = DayClosedV1(legal_entity=legal_entity, business_on=on, partition=partition, entries=len(of_day), points_by_kind=dict(points))
    return closes


@dataclass
class Mart:
    """The mart, with the place of each partition that it is fed from and the entries it was fed."""

    database: Database
    places: dict[int, Position] = field(default_factory=dict)
    entries: defaultdict[int, list[EntryPostedV1]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def open(cls, url: str) -> "Mart":
        migrate(MIGRATIONS, url)
        mart = cls(Database(url, application_name="test"))
        with mart.database.transaction() as cursor:
            for legal_entity in ("001", "002"):
                cursor.execute("insert into entity values (%s, '{}', 'Asia/Shanghai', %s, 15)", (legal_entity, MARCH_1))
        return mart

    def batch(self, events: Sequence[EntryPostedV1 | DayClosedV1], partition: int = 0, *, epoch: int = 1, **others: Any) -> Batch[EntryPostedV1 | DayClosedV1]:
        """Return the next batch of a partition, of an epoch of the ledger; it is not taken until `take`."""
        before = self.places.get(partition)
        after = Position(cluster_id="c", topic_id="t", next_offset=(before.next_offset if before else 0) + len(events), epoch=epoch)
        span = Span(group=GROUP, topic=REDEMPTION_LEDGER.name, partition=partition, before=before, after=after)
        return Batch(
            group=GROUP, topic=span.topic, partition=partition, events=events, offsets=range(len(events)), traceparents=[None] * len(events), records=(),
            span=span, **others,
        )  # fmt: skip

    def take(self, batch: Batch[EntryPostedV1 | DayClosedV1]) -> None:
        RecordEntries(begin_recording_on(self.database), SystemClock())(batch)
        assert batch.span is not None
        self.places[batch.partition] = batch.span.after

    def post(self, *entries: EntryPostedV1, partition: int = 0, catching_up: bool = False) -> None:
        """Have a batch of entries taken, as the ledger posted them."""
        self.entries[partition] += entries
        self.take(self.batch(entries, partition, catching_up=catching_up))

    def close(self, on: date = MARCH_1, legal_entity: str = "001") -> None:
        """Have the date's close taken, in every partition, as the ledger tells it."""
        for partition, close in closes_of(self.entries, on, legal_entity).items():
            self.take(self.batch([close], partition))

    def violations(self, legal_entity: str = "001") -> dict[str, int]:
        """Return the invariants that do not hold."""
        with self.database.transaction() as cursor:
            return {checked.name: checked.violations for checked in check_invariants(cursor, legal_entity, NOW) if checked.violations}

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        with self.database.transaction() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall()) if cursor.description else []
