"""A mart on a database of its own, and readers of its reports."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx import Response

from loyalty_shared.contracts.console import CredentialIssuedV1
from loyalty_shared.following import issue_credential
from loyalty_shared.web.credentials import token_sha256
from reporting.main import build
from support.mart import Mart
from support.platform import MakeDatabase


@dataclass
class Reader:
    """Reads reports with a credential."""

    http: TestClient

    def response(self, path: str, token: str = "auditor", entity: str = "001") -> Response:
        answer: Response = self.http.get(f"/v1/entities/{entity}/{path}", headers={"Authorization": f"Bearer {token}"})
        return answer

    def get(self, path: str, token: str = "auditor") -> Any:
        answer = self.response(path, token)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def refused(self, path: str, status: int, code: str, token: str = "auditor") -> dict[str, Any]:
        """Return the first reason of a refusal, which must be of that status and code."""
        answer = self.response(path, token)
        body: dict[str, Any] = answer.json()
        assert (answer.status_code, body["code"]) == (status, code), answer.text
        reason: dict[str, Any] = body["reasons"][0]
        return reason


@pytest.fixture
def mart(database: MakeDatabase) -> Iterator[Mart]:
    """Return an empty mart with entities 001 and 002 on 1 March 2026."""
    opened = Mart.open(database("reporting"))
    yield opened
    opened.database.close()


@pytest.fixture
def reader(mart: Mart, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reader]:
    """Return a reader of entity 001's reports; `branch` may see institution 450100 and what is below it only."""
    with mart.database.transaction() as cursor:
        for token, function, institutions in (
            ("admin", "admin", None),
            ("auditor", "auditor", None),
            ("channel", "channel", None),
            ("branch", "maker", ("450100",)),
        ):
            issue_credential(
                cursor,
                CredentialIssuedV1(
                    credential=token, token_sha256=token_sha256(token), entities=("001",), functions=(function,), channel=None, enabled=True,
                    institutions=institutions,
                ),
            )  # fmt: skip
    monkeypatch.setenv("REPORTING_DATABASE_URL", mart.database.url)
    monkeypatch.setenv("REPORTING_KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:9")
    service = build()
    yield Reader(TestClient(service.make_app({}, list)))
    service.database.close()
