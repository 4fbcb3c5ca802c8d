"""Redemption's online half as a process of its own, on a real database, to be killed and started again; and clients that see only its answers."""

import os
import random
import signal
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from loyalty_shared.persistence.connections import Database
from loyalty_shared.web.credentials import token_sha256
from redemption.adapters.online_applications import open_first_applications
from support.eventually import eventually
from support.ledger import Ledger

ENTITY = "001"
#: The answers after which a client asks again with the same key: nothing is known of what came of the call.
ASK_AGAIN = (409, 429, 503)


@dataclass
class KillableRedemption:
    """The service in a process, always on the same port."""

    database_url: str
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it; it answers a moment later."""
        settings = {"DATABASE_URL": self.database_url, "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9", "HTTP_PORT": str(self.port), "LOG_LEVEL": "ERROR"}
        environment = {**os.environ, **{f"REDEMPTION_{name}": value for name, value in settings.items()}}
        command = [str(Path(sys.executable).with_name("redemption")), "serve", "--roles", "api"]
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def wait_until_live(self) -> None:
        eventually(self._is_live, timeout_seconds=60)

    def _is_live(self) -> bool:
        with suppress(httpx.HTTPError):
            return httpx.get(f"{self.url}/health/live", timeout=2).status_code == 200
        return False

    def kill(self) -> None:
        """End it at once, whatever it has in hand."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@contextmanager
def killable_redemption(ledger: Ledger) -> Iterator[KillableRedemption]:
    """Start the service on the ledger's database, with a channel's credential."""
    with ledger.database.transaction() as cursor:
        open_first_applications(cursor, ENTITY)
        cursor.execute("insert into credential values ('mobile', %s, %s, %s, 'MOBILE', true)", (token_sha256("mobile"), [ENTITY], ["channel"]))
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    service = KillableRedemption(ledger.database.url, port)
    service.start()
    try:
        service.wait_until_live()
        yield service
    finally:
        service.kill()


@dataclass(frozen=True)
class Asked:
    """A call that was answered for good: what was asked, and the answer."""

    path: str
    body: Mapping[str, Any] | None
    key: str
    status: int
    answer: Mapping[str, Any]


@dataclass
class Client:
    """A channel's server: asks again with the same key until it has an answer, whatever happens on the way; sometimes it loses patience, or asks twice."""

    url: str
    rng: random.Random
    history: list[Asked] = field(default_factory=list)
    asked: int = 0

    def __post_init__(self) -> None:
        self.http = httpx.Client(base_url=f"{self.url}/v1/entities/{ENTITY}", headers={"Authorization": "Bearer mobile"})

    def post(self, path: str, body: Mapping[str, Any] | None = None, key: str | None = None) -> Asked:
        """Ask until there is an answer. Raises AssertionError when a repeat is answered otherwise than before."""
        self.asked += 1
        key = key or str(uuid.uuid4())
        known = self._ask(path, body, key)
        if self.rng.random() < 0.05:
            again = self._ask(path, body, key)
            assert (again.status, again.answer) == (known.status, known.answer), "a repeat is answered as the first time"
        self.history.append(known)
        return known

    def _ask(self, path: str, body: Mapping[str, Any] | None, key: str) -> Asked:
        while True:
            patience_seconds = 0.02 if self.rng.random() < 0.03 else 20.0
            try:
                response = self.http.post(path, json=body, headers={"Idempotency-Key": key}, timeout=patience_seconds)
            except httpx.HTTPError:
                continue  # it may have been done or not: the key tells them apart
            answer = response.json()
            if response.status_code not in ASK_AGAIN or not answer.get("retryable"):
                assert response.status_code < 500, response.text
                return Asked(path, body, key, response.status_code, answer)


def entries_by_cause(database: Database) -> dict[tuple[str, str], list[tuple[str, str, int]]]:
    """Return (customer_no, kind, points) of the entity's entries, by (cause kind, cause number)."""
    with database.transaction() as cursor:
        cursor.execute("select cause_kind, cause_no, customer_no, kind, points from entry where legal_entity = %s", (ENTITY,))
        entries: dict[tuple[str, str], list[tuple[str, str, int]]] = {}
        for cause_kind, cause_no, customer_no, kind, points in cursor.fetchall():
            entries.setdefault((cause_kind, cause_no), []).append((customer_no, kind, points))
    return entries


def told(problem: Asked) -> str:
    """Return a refusal's code."""
    return str(problem.answer.get("code", "done"))
