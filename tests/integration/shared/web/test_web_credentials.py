"""Who may call: the token, its entities and its functions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from msgspec import structs

from loyalty_shared.contracts.console import CredentialIssuedV1
from loyalty_shared.following import forget_expired_credentials, issue_credential
from loyalty_shared.observability.metrics import Metrics, http_metrics
from loyalty_shared.web.app import AppParts, create_app
from loyalty_shared.web.credentials import Caller, Function, load_callers, require_within_scope, token_sha256
from loyalty_shared.web.problems import ProblemError
from support.eventually import eventually
from support.notes_service import AT, Notes, headers, issue, problem_of


def test_a_call_without_a_valid_credential_is_refused(client: TestClient) -> None:
    for given in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic dG9rZW4="}, {"Authorization": "Bearer "}):
        refused = client.get(AT, headers=given)
        problem_of(refused, 401, "unauthenticated")
        assert refused.headers["WWW-Authenticate"].startswith("Bearer")
    problem_of(client.get("/v1/consumers"), 401, "unauthenticated")


def test_a_credential_is_good_for_its_entity_and_function_only(client: TestClient, notes: Notes) -> None:
    body = {"customer_no": "C1", "points": 5}
    problem_of(client.get(AT, headers=headers("002-channel")), 403, "not-your-entity")
    problem_of(client.post(AT, json=body, headers=headers("002-channel")), 403, "not-your-entity")
    problem_of(client.get("/v1/entities/002/notes", headers=headers("001-auditor")), 403, "not-your-entity")
    problem_of(client.get(AT, headers=headers("001-maker")), 403, "function-not-granted")
    for function in (Function.MAKER, Function.CHECKER, Function.ADMIN, Function.AUDITOR):
        problem_of(client.post(AT, json=body, headers=headers(f"001-{function}")), 403, "function-not-granted")
    assert client.get(AT, headers=headers("001-auditor")).status_code == 200
    assert notes.count() == 0


def test_a_credential_is_good_as_soon_as_it_is_issued_or_bound(client: TestClient, notes: Notes) -> None:
    problem_of(client.get(AT, headers=headers("fresh")), 401, "unauthenticated")
    with notes.database.transaction() as cursor:
        issue(cursor, "fresh", ("002",), Function.CHANNEL)
    problem_of(client.get(AT, headers=headers("fresh")), 403, "not-your-entity")
    with notes.database.transaction() as cursor:
        issue(cursor, "fresh", ("001", "002"), Function.CHANNEL)
    assert client.get(AT, headers=headers("fresh")).status_code == 200


def test_a_credential_taken_back_is_refused_soon(client: TestClient, notes: Notes) -> None:
    assert client.get(AT, headers=headers()).status_code == 200
    with notes.database.transaction() as cursor:
        issue(cursor, "001-channel", ("001",), Function.CHANNEL, enabled=False)
    eventually(lambda: client.get(AT, headers=headers()).status_code == 401, timeout_seconds=5)


NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
SESSION = CredentialIssuedV1(
    credential="session.1",
    token_sha256=token_sha256("token-session"),
    entities=("001",),
    functions=("channel",),
    channel=None,
    enabled=True,
    institutions=("450000",),
    operator="wei",
    expires_at=NOW + timedelta(hours=8),
)


class SetClock:
    """A clock that the test puts on."""

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def timed(notes: Notes, clock: SetClock) -> Iterator[TestClient]:
    parts = AppParts(
        service="notes",
        summary="A stand-in",
        routers=[notes.router()],
        database=notes.database,
        metrics=Metrics(http_metrics("notes").all()),
        checks={},
        consumers=list,
        retry_dead_letter=notes.retry,
        clock=clock,
    )
    with TestClient(create_app(parts), raise_server_exceptions=False) as opened:
        yield opened


def test_a_session_is_good_until_its_time_is_up(timed: TestClient, notes: Notes, clock: SetClock) -> None:
    with notes.database.transaction() as cursor:
        issue_credential(cursor, SESSION)
    session = {"Authorization": "Bearer token-session"}
    for at, status in ((NOW, 200), (NOW + timedelta(hours=7, minutes=59), 200), (NOW + timedelta(hours=8), 401)):
        clock.at = at
        assert timed.get(AT, headers=session).status_code == status
    problem_of(timed.get(AT, headers=session), 401, "unauthenticated")


def test_an_operator_is_one_caller_in_every_session(notes: Notes) -> None:
    with notes.database.transaction() as cursor:
        issue_credential(cursor, SESSION)
        issue_credential(cursor, structs.replace(SESSION, credential="session.2", token_sha256="other", institutions=None))
        callers = load_callers(cursor, NOW)
    here, there = callers[SESSION.token_sha256], callers["other"]
    assert here.credential == there.credential == "operator:wei"
    assert (here.institutions, there.institutions) == (frozenset({"450000"}), None)
    assert callers[token_sha256("token-001-admin")] == Caller("001-admin", frozenset({"001"}), frozenset({"admin"}), None)


def test_sessions_that_ended_a_day_ago_are_forgotten_and_nothing_else(notes: Notes) -> None:
    with notes.database.transaction() as cursor:
        issue_credential(cursor, SESSION)
        before = len(load_callers(cursor, NOW))
        forget_expired_credentials(cursor, NOW + timedelta(hours=32))
        assert len(load_callers(cursor, NOW)) == before
        forget_expired_credentials(cursor, NOW + timedelta(hours=32, seconds=1))
        assert len(load_callers(cursor, NOW)) == before - 1


def test_a_caller_sees_its_institutions_only() -> None:
    whole = Caller("001-admin", frozenset({"001"}), frozenset({"admin"}), None)
    branch = replace(whole, institutions=frozenset({"450000"}))
    for caller, institution in ((whole, None), (whole, "460000"), (branch, "450000")):
        require_within_scope(caller, institution, "query.institution")
    for institution in ("460000", None):
        with pytest.raises(ProblemError, match="beyond-your-scope"):
            require_within_scope(branch, institution, "query.institution")
