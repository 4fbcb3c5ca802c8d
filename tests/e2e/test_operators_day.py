"""An operator's day at the console: sign in, work at every service, have the day closed and settled by jobs, change a parameter with another, sign out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx

from nanzhu_local.credentials import operator_of, password_of
from support.bank import TODAY, Bank
from support.eventually import eventually

KNOWN_EVERYWHERE_SECONDS = 30.0
RUN_SECONDS = 90.0


def sign_in(bank: Bank, role: str) -> str:
    """Return the token of a new session, known to every service."""
    password = password_of(bank.platform.run.secret("credentials"), bank.legal_entity, role)
    console = bank.platform.endpoints.services["console"].http
    answer = bank.http.post(f"{console}/v1/sessions", json={"operator": operator_of(bank.legal_entity, role), "password": password})
    token: str = answer.raise_for_status().json()["token"]
    for service in bank.platform.endpoints.services:
        eventually(lambda service=service: call(bank, token, "GET", service, "business-date"), KNOWN_EVERYWHERE_SECONDS)  # type: ignore[misc]
    return token


def call(bank: Bank, token: str, method: str, service: str, path: str, body: object = None) -> Any:
    """Return the answer of a call that must succeed."""
    answer = bank.call(method, service, path, token=token, json=body)
    assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
    return answer.json()


def run(bank: Bank, token: str, job: str) -> dict[str, Any]:
    """Have a job run and return the run when it has ended."""
    started = call(bank, token, "POST", "console", f"jobs/{job}/runs")

    def ended() -> dict[str, Any]:
        shown: dict[str, Any] = call(bank, token, "GET", "console", f"jobs/{job}/runs/{started['run_id']}")
        assert shown["status"] in ("done", "failed"), shown
        return shown

    return eventually(ended, RUN_SECONDS)


def test_an_operators_day(bank: Bank) -> None:
    admin, maker, checker = (sign_in(bank, role) for role in ("admin", "maker", "checker"))

    asked = call(bank, maker, "PUT", "console", "parameters/cost-per-point", {"value": "0.5"})
    own = bank.call("POST", "console", f"approvals/{asked['approval_id']}/approve", token=maker)
    assert (own.status_code, own.json()["code"]) == (403, "maker-cannot-approve")
    assert call(bank, checker, "POST", "console", f"approvals/{asked['approval_id']}/approve")["status"] == "approved"

    for job in ("mature-points", "expire-points", "close-day", "make-batches", "make-reports"):
        ended = run(bank, admin, job)
        assert (ended["status"], ended["on"]) == ("done", TODAY.isoformat()), ended
    assert call(bank, admin, "GET", "console", "business-date")["business_on"] == (TODAY + timedelta(days=1)).isoformat()
    assert call(bank, admin, "GET", "console", "audit/verification")["intact"] is True

    console = bank.platform.endpoints.services["console"].http
    assert httpx.delete(f"{console}/v1/sessions", headers={"Authorization": f"Bearer {admin}"}, trust_env=False).status_code == 204
    for service in bank.platform.endpoints.services:
        eventually(lambda service=service: refused(bank, admin, service), KNOWN_EVERYWHERE_SECONDS)  # type: ignore[misc]


def refused(bank: Bank, token: str, service: str) -> None:
    answer = bank.call("GET", service, "business-date", token=token)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
