"""The merchant service on a real database, as the composition root makes it, with an entity of its own for each test."""

import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import msgspec
import pytest
from fastapi.testclient import TestClient
from httpx import Response

from loyalty_shared.contracts.merchant import MerchantChangedV1
from loyalty_shared.persistence.connections import Database
from loyalty_shared.persistence.migrations import migrate
from loyalty_shared.web.credentials import token_sha256
from merchant.adapters.changes import MerchantsTopic
from merchant.main import MIGRATIONS, build
from support.platform import execute

_numbers = itertools.count(1)
ROLES = ("channel", "maker", "checker", "admin", "auditor")


@dataclass
class Desk:
    """One entity of the service, and a credential for each role; `both` makes and checks."""

    database: Database
    http: TestClient
    entity: str

    def call(self, method: str, path: str, role: str, body: Any = None, key: str | None = None) -> Response:
        headers = {"Authorization": f"Bearer {self.entity}-{role}", "Idempotency-Key": key or f"key-{next(_numbers)}"}
        answer: Response = self.http.request(method, f"/v1/entities/{self.entity}/{path}", json=body, headers=headers)
        return answer

    def get(self, path: str, role: str = "channel") -> Any:
        answer = self.call("GET", path, role)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: Any = None, role: str = "maker", status: int = 200) -> Any:
        answer = self.call("POST", path, role, body)
        assert answer.status_code == status, answer.text
        return answer.json()

    def refused(self, path: str, body: Any = None, role: str = "maker", method: str = "POST") -> tuple[int, str]:
        answer = self.call(method, path, role, body)
        assert answer.headers["content-type"] == "application/problem+json", answer.text
        assert method == "GET" or answer.json()["reasons"], "a refusal says why"
        return answer.status_code, answer.json()["code"]

    def register(self, **more: Any) -> str:
        return str(self.post("merchants", {"names": {"en": "Nanzhu Coffee"}, **more}, status=201)["merchant_no"])

    def active(self, **more: Any) -> str:
        merchant_no = self.register(**more)
        self.post(f"merchants/{merchant_no}/approve", role="checker")
        return merchant_no

    def published(self) -> list[MerchantChangedV1]:
        """Return what the relay would publish of this entity, in order."""
        with self.database.transaction() as cursor:
            cursor.execute("select batch_no from outgoing_batch order by batch_no")
            records = list(MerchantsTopic().read(cursor, [row[0] for row in cursor.fetchall()]))
        changes = [msgspec.json.decode(record.value or b"", type=MerchantChangedV1) for record in records]
        assert [record.key for record in records] == [f"{change.legal_entity}:{change.merchant_no}".encode() for change in changes]
        return [change for change in changes if change.legal_entity == self.entity]


@pytest.fixture(scope="module")
def service(postgres_server: str) -> Iterator[tuple[Database, TestClient]]:
    """Return the service's app and its database, for a module."""
    name = f"test_merchant_{os.getpid()}_{next(_numbers)}"
    execute(postgres_server, "CREATE DATABASE {}", name)
    url = str(urlunsplit(urlsplit(postgres_server)._replace(path=f"/{name}")))
    migrate(MIGRATIONS, url)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MERCHANT_DATABASE_URL", url)
        patch.setenv("MERCHANT_KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:9")
        built = build()
    with TestClient(built.make_app({}, list), raise_server_exceptions=False) as http:
        yield built.database, http
    built.database.close()
    execute(postgres_server, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


@pytest.fixture
def desk(service: tuple[Database, TestClient]) -> Desk:
    """Return an entity of this test's own."""
    database, http = service
    entity = f"{next(_numbers):03d}"
    with database.transaction() as cursor:
        cursor.execute("insert into entity values (%s, '{}', 'Asia/Shanghai', %s, 15)", (entity, date(2026, 3, 1)))
        for role in (*ROLES, "both"):
            functions = ["maker", "checker"] if role == "both" else [role]
            cursor.execute(
                "insert into credential (credential, token_sha256, entities, functions, channel, enabled) values (%s, %s, %s, %s, null, true)",
                (f"{entity}-{role}", token_sha256(f"{entity}-{role}"), [entity], functions),
            )
    return Desk(database, http, entity)
