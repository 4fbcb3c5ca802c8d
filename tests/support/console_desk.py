"""A prepared console on a real database, its calls and what it has announced."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from fastapi.testclient import TestClient

from console.adapters.announcements import ParametersTopic
from console.application.perform_run import PerformRun
from console.main import make_app, make_runner
from console.metrics import CONSOLE_METRICS
from console.settings import Settings
from loyalty_shared.contracts.console import PARAMETERS
from loyalty_shared.observability.metrics import Metrics, http_metrics
from loyalty_shared.persistence.connections import Database
from nanzhu_local.credentials import credentials_from, password_of

SEED = "a seed of sixteen or more"
TOKENS = credentials_from(SEED)
LATE_EVENING_UTC = datetime(2026, 3, 1, 17, 30, tzinfo=UTC)  # in Shanghai it is the next day already
PASSWORD = "correct horse battery"


@dataclass
class FixedClock:
    """A clock that stands still until it is put on."""

    at: datetime = LATE_EVENING_UTC

    def now(self) -> datetime:
        return self.at

    def put_on(self, **by: float) -> None:
        self.at += timedelta(**by)


@dataclass
class Console:
    """`who` in a call: `001:admin` for a local credential, else a token. Paths are under `/v1/entities/001/` unless they begin with a slash."""

    database: Database
    settings: Settings
    client: TestClient
    clock: FixedClock = field(default_factory=FixedClock)
    keys: list[int] = field(default_factory=lambda: [0])

    def write(self, path: str, body: Any = None, who: str = "001:admin", key: str | None = None, method: str = "POST") -> Any:
        self.keys[0] += 1
        headers = bearer(who) | {"Idempotency-Key": key or f"key-{self.keys[0]}"}
        return self.client.request(method, at(path), json=body, headers=headers)

    def put(self, path: str, body: Any, who: str = "001:admin", key: str | None = None) -> Any:
        return self.write(path, body, who, key, method="PUT")

    def read(self, path: str, who: str = "001:auditor") -> Any:
        return self.client.get(at(path), headers=bearer(who))

    def sign_in(self, operator: str, password: str | None = None) -> Any:
        entity, _, role = operator.partition("-")
        body = {"operator": operator, "password": password_of(SEED, entity, role) if password is None else password}
        return self.client.post("/v1/sessions", json=body)

    def session(self, operator: str, password: str | None = None) -> str:
        """Return the token of a new session."""
        answer = self.sign_in(operator, password)
        assert answer.status_code == 201, answer.text
        token: str = answer.json()["token"]
        return token

    def operator(self, code: str, *roles: str, institution: str = "HQ", who: str = "001:admin") -> str:
        """Create an operator and return the token of a session."""
        body = {"operator": code, "password": PASSWORD, "institution": institution, "roles": roles}
        created = self.write("operators", body, who)
        assert created.status_code == 201, created.text
        return self.session(code, PASSWORD)

    def announced(self, kind: type[Any] | None = None) -> list[Any]:
        with self.database.transaction() as cursor:
            cursor.execute("select batch_no from outgoing_batch order by batch_no")
            records = ParametersTopic().read(cursor, [row[0] for row in cursor.fetchall()])
        events = [msgspec.json.decode(record.value or b"", type=PARAMETERS[record.type]) for record in records]
        return [event for event in events if kind is None or isinstance(event, kind)]

    def runner(self, owner: str = "this", **services: str) -> PerformRun:
        """Return what does the next due run, told where the services are."""
        return make_runner(self.settings.model_copy(update={"services": services}), self.database, self.clock, owner)

    def sql(self, statement: str, *values: Any) -> list[Any]:
        with self.database.transaction() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall() if cursor.description else []


def at(path: str) -> str:
    return path if path.startswith("/") else f"/v1/entities/001/{path}"


def bearer(who: str) -> dict[str, str]:
    entity, _, role = who.partition(":")
    return {"Authorization": f"Bearer {TOKENS[entity][role] if entity in TOKENS else who}"}


def settings_for(url: str, **more: Any) -> Settings:
    return Settings.model_validate({"database_url": url, "kafka_bootstrap_servers": "none:1", "credentials_seed": SEED, "password_memory_kib": 64, **more})


def client_of(settings: Settings, database: Database, clock: FixedClock | None = None) -> TestClient:
    metrics = Metrics((*http_metrics("console").all(), *CONSOLE_METRICS))
    return TestClient(make_app(settings, database, clock or FixedClock(), metrics, {}, list), raise_server_exceptions=False)


def problem_of(response: Any, status: int, code: str) -> dict[str, Any]:
    assert (response.status_code, response.headers["content-type"], response.json()["code"]) == (status, "application/problem+json", code), response.text
    body: dict[str, Any] = response.json()
    return body
