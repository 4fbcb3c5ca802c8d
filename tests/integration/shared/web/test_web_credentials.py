"""Who may call: the token, its entities and its functions."""

from __future__ import annotations

from fastapi.testclient import TestClient

from loyalty_shared.web.credentials import Function
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
