"""Settlement on a real database: fed as its consumer would feed it, and called over HTTP as operators call it."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import msgspec
from fastapi.testclient import TestClient
from httpx import Response

from loyalty_shared.contracts.console import CredentialIssuedV1
from loyalty_shared.contracts.redemption import DayClosedV1, EntryPostedV1
from loyalty_shared.following import issue_credential
from loyalty_shared.messaging.records import Batch
from loyalty_shared.observability.metrics import Metrics, http_metrics
from loyalty_shared.persistence.connections import Database
from loyalty_shared.persistence.migrations import migrate
from loyalty_shared.persistence.offsets import Position, Span, find_position
from loyalty_shared.web.app import AppParts, create_app
from loyalty_shared.web.credentials import token_sha256
from settlement.adapters.rebuilding import RECORDING_GROUP
from settlement.adapters.recording import SqlRecordingWork
from settlement.adapters.unit_of_work import begin_on
from settlement.application.record_ledger import RecordLedger
from settlement.entrypoints.http_batches import batches_router
from settlement.entrypoints.http_reconciliations import reconciliations_router
from settlement.entrypoints.jobs import jobs
from settlement.main import MIGRATIONS
from support.ledger_entries import MARCH_1, NOON, closes

MARCH_2 = date(2026, 3, 2)
TOPIC = "loyalty.redemption.ledger"

_numbers = itertools.count(1)

LedgerEvent = EntryPostedV1 | DayClosedV1


@dataclass
class SettableClock:
    """A clock that stands still until it is set."""

    at: datetime = NOON

    def now(self) -> datetime:
        return self.at


@dataclass
class Desk:
    """Settlement, with entity 001 on 2 March 2026 and its operators."""

    database: Database
    http: TestClient
    clock: SettableClock = field(default_factory=SettableClock)

    @classmethod
    def open(cls, url: str) -> "Desk":
        migrate(MIGRATIONS, url)
        database, clock = Database(url, application_name="test"), SettableClock()
        parts = AppParts(
            service="settlement",
            summary="settlement",
            routers=[batches_router(database, clock), reconciliations_router(database, clock)],
            database=database,
            metrics=Metrics(http_metrics("settlement").all()),
            checks={},
            consumers=list,
            retry_dead_letter=lambda letter: None,
            clock=clock,
        )
        desk = cls(database, TestClient(create_app(parts), raise_server_exceptions=False), clock)
        with database.transaction() as cursor:
            for legal_entity in ("001", "002"):
                cursor.execute("insert into entity values (%s, '{}', 'Asia/Shanghai', %s, 15)", (legal_entity, MARCH_2))
            for name, functions in (
                ("maker", "maker"), ("checker", "checker"), ("both", "maker checker"), ("admin", "admin"), ("auditor", "auditor"), ("channel", "channel"),
                ("branch", "maker"),
            ):  # fmt: skip
                issued = CredentialIssuedV1(
                    credential=name, token_sha256=token_sha256(name), entities=("001", "002"), functions=tuple(functions.split()), channel=None, enabled=True,
                    institutions=("450100",) if name == "branch" else None,
                )  # fmt: skip
                issue_credential(cursor, issued)
        return desk

    # ---- the bus

    def feed(self, events: Sequence[LedgerEvent], partition: int = 0, *, epoch: int = 1, catching_up: bool = False) -> None:
        """Take events as the next batch of a partition."""
        with self.database.transaction() as cursor:
            before = find_position(cursor, RECORDING_GROUP, TOPIC, partition)
        after = Position(cluster_id="c", topic_id="t", next_offset=(before.next_offset if before else 0) + len(events), epoch=epoch, catching_up=catching_up)
        span = Span(group=RECORDING_GROUP, topic=TOPIC, partition=partition, before=before, after=after)
        batch: Batch[LedgerEvent] = Batch(
            group=RECORDING_GROUP, topic=TOPIC, partition=partition, events=events, offsets=range(len(events)), traceparents=[None] * len(events),
            records=(), span=span, catching_up=catching_up,
        )  # fmt: skip
        self.take(batch)

    def take(self, batch: Batch[LedgerEvent]) -> None:
        RecordLedger(begin_on(self.database, SqlRecordingWork), self.clock)(batch)

    def post_day(self, *entries: EntryPostedV1, on: date = MARCH_1) -> None:
        """Take a date's entries, and its close on every partition."""
        by_partition = closes(on, entries)
        for partition in range(4):
            self.feed([*(entries if partition == 0 else ()), by_partition[partition]], partition)

    # ---- operators

    def post(self, path: str, body: Any = None, *, who: str = "maker", key: str | None = None, entity: str = "001") -> Response:
        headers = {"Authorization": f"Bearer {who}", "Idempotency-Key": key or f"key-{next(_numbers)}"}
        answer: Response = self.http.post(f"/v1/entities/{entity}/{path}", json=body, headers=headers)
        return answer

    def get(self, path: str, *, who: str = "auditor", entity: str = "001") -> Response:
        answer: Response = self.http.get(f"/v1/entities/{entity}/{path}", headers={"Authorization": f"Bearer {who}"})
        return answer

    def make(self, party: str = "retail", on: date = MARCH_1) -> dict[str, Any]:
        """Make a batch, and return it."""
        answer = self.post("batches", {"party": party, "business_on": on.isoformat()})
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    def make_all(self, on: date = MARCH_1) -> str:
        return jobs(self.database, self.clock)["make-batches"]("001", on)

    def breaks(self, on: date = MARCH_1) -> dict[str, int]:
        """Return the differences of a date by the figure's name."""
        answer = self.get(f"reconciliations/{on}/breaks")
        assert answer.status_code == 200, answer.text
        return {item["name"]: item["difference"] for item in answer.json()["items"]}

    def execute(self, statement: str) -> None:
        with self.database.transaction() as cursor:
            cursor.execute(statement)

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        with self.database.transaction() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall())


def refusal(answer: Response) -> tuple[int, str]:
    """Return a refused call's status and code."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return answer.status_code, answer.json()["code"]


def decoded(kind: str, value: bytes) -> LedgerEvent:
    """Return the event of a record of the ledger's topic."""
    return msgspec.json.decode(value, type=DayClosedV1) if kind.endswith("day.closed.v1") else msgspec.json.decode(value, type=EntryPostedV1)
