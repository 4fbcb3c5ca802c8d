"""Accrual's API over a desk's database, called with the credential of any function."""

from typing import Any

import httpx
from fastapi.testclient import TestClient

from accrual.main import build
from accrual.settings import Settings
from loyalty_shared.contracts.console import CredentialIssuedV1
from loyalty_shared.following import issue_credential
from loyalty_shared.kernel.ids import new_id
from loyalty_shared.serving import Service
from loyalty_shared.web.credentials import Function, token_sha256
from support.accrual_desk import Desk


class Caller:
    """Calls accrual's API with the credential of a function."""

    def __init__(self, client: TestClient) -> None:
        self.client = client

    def send(self, method: str, path: str, *, role: str = "maker", entity: str = "001", key: str | None = None, **request: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {entity}-{role}"} | ({"Idempotency-Key": key or new_id()} if method == "POST" else {})
        answer: httpx.Response = self.client.request(method, f"/v1/entities/001/{path}", headers=headers, **request)
        return answer

    def get(self, path: str, *, role: str = "auditor") -> Any:
        answer = self.send("GET", path, role=role)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: object = None, *, role: str = "maker") -> Any:
        answer = self.send("POST", path, role=role, json=body)
        assert answer.is_success, answer.text
        return answer.json()

    def refused(self, path: str, body: object = None, *, role: str = "maker", method: str = "POST") -> tuple[int, str]:
        answer = self.send(method, path, role=role, json=body) if method == "POST" else self.send(method, path, role=role)
        assert answer.headers["content-type"] == "application/problem+json", answer.text
        assert answer.json()["reasons"], "a refusal says why"
        return answer.status_code, answer.json()["code"]

    def approve(self, document: dict[str, Any]) -> str:
        draft = self.post("rules", document)
        version = f"rules/{draft['code']}/versions/{draft['version']}"
        self.post(f"{version}/submit")
        self.post(f"{version}/approve", role="checker")
        return version


def service_on(desk: Desk) -> Service:
    """Return accrual, over the desk's database, with nothing running."""
    return build(Settings(database_url=desk.database.url, kafka_bootstrap_servers="127.0.0.1:1"))


def issue_credentials(desk: Desk) -> None:
    """Make the credentials `<entity>-<function>` known, and `<entity>-both` of a maker who is a checker too."""
    with desk.database.transaction() as cursor:
        for entity in ("001", "002"):
            for function in (*Function, "both"):
                functions = ("maker", "checker") if function == "both" else (function,)
                token = f"{entity}-{function}"
                issued = CredentialIssuedV1(
                    credential=token, token_sha256=token_sha256(token), entities=(entity,), functions=functions, channel=None, enabled=True
                )  # fmt: skip
                issue_credential(cursor, issued)
