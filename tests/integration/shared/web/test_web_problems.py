"""What a bad call is told, and that nothing it does reaches a table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi.testclient import TestClient

from support.notes_service import AT, Notes, headers, problem_of

NOT_POINTS: tuple[Any, ...] = (0, -1, 1.0, 1.5, "5", True, None, [], 2**53, 10**400)
NOT_DATES: tuple[Any, ...] = ("2026-02-30", "yesterday", 20260301, "2026-03-01T00:00:00", "20260301")
NOT_CORRECTIONS: tuple[Any, ...] = (0, -(2**53), "1", False)


WRONG_BODIES: list[tuple[Any, str]] = [
    ({"points": 5}, "body.customer_no"),
    ({"customer_no": "C1"}, "body.points"),
    ({"customer_no": "C1", "points": 5, "pionts": 6}, "body.pionts"),
    *[({"customer_no": wrong, "points": 5}, "body.customer_no") for wrong in ("", "C 1", "C" * 65, 7, None)],
    *[({"customer_no": "C1", "points": wrong}, "body.points") for wrong in NOT_POINTS],
    *[({"customer_no": "C1", "points": 5, "on": wrong}, "body.on") for wrong in NOT_DATES],
    *[({"customer_no": "C1", "points": 5, "correction": wrong}, "body.correction") for wrong in NOT_CORRECTIONS],
    ([], "body"),
    (None, "body"),
]


def test_a_body_that_does_not_fit_is_refused_naming_the_field(client: TestClient, notes: Notes) -> None:
    for body, path in WRONG_BODIES:
        refused = problem_of(client.post(AT, json=body, headers=headers()), 422, "invalid-request")
        assert path in [reason["path"] for reason in refused["reasons"]], body
    assert notes.count() == 0


def test_the_largest_points_pass(client: TestClient) -> None:
    problem_of(client.post(AT, json={"customer_no": "C1", "points": 2**53 - 1}, headers=headers()), 409, "too-many-points")


def test_what_is_not_json_is_malformed(client: TestClient) -> None:
    for content in (b"{", b"points=5", b'{"customer_no": "C1", "points": NaN}', b'{"customer_no": "\\ud800", "points": 5}', b"\xff\xfe"):
        problem_of(client.post(AT, content=content, headers=headers()), 400, "malformed-json")


def test_nul_characters_go_nowhere_near_the_database(client: TestClient) -> None:
    refused = problem_of(client.post(AT, content=b'{"customer_no": "C", "points": 5, "remark": "\\u0000"}', headers=headers()), 422, "invalid-request")
    assert refused["reasons"][0]["path"] == "body"
    problem_of(client.get(f"{AT}?cursor=%00", headers=headers()), 422, "invalid-request")


def test_a_body_too_large_is_refused(client: TestClient) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(20):
            yield b" " * 100_000

    problem_of(client.post(AT, content=b" " * 2_000_000, headers=headers()), 400, "body-too-large")
    problem_of(client.post(AT, content=chunks(), headers=headers()), 400, "malformed-request")


def test_an_address_or_method_that_is_not_there_is_told(client: TestClient) -> None:
    problem_of(client.get("/v1/nothing", headers=headers()), 404, "not-found")
    refused = client.delete(AT, headers=headers())
    problem_of(refused, 405, "method-not-allowed")


def test_a_limit_or_cursor_that_is_none_is_refused(client: TestClient) -> None:
    cursors = ("nonsense", "WyJ4Il0", "WzEsMl0", "%E4%B8%AD", "A" * 600)  # the second and third are keys of other lists
    for query in ("limit=0", "limit=501", "limit=x", *[f"cursor={cursor}" for cursor in cursors]):
        problem_of(client.get(f"{AT}?{query}", headers=headers()), 422, "invalid-request")


def test_a_failure_tells_nothing_but_its_request_id(client: TestClient) -> None:
    failed = client.post(f"{AT}/fail", headers=headers() | {"X-Request-Id": "r-1"})
    problem_of(failed, 500, "internal-error")
    assert "hunter2" not in failed.text
    assert failed.headers["X-Request-Id"] == "r-1"


def test_a_lock_that_is_not_had_and_a_database_that_is_away_are_503(client: TestClient, notes: Notes) -> None:
    with notes.database.transaction() as cursor:
        cursor.execute("lock table note in access share mode")
        busy = client.post(f"{AT}/wait", headers=headers())
    assert problem_of(busy, 503, "temporarily-unavailable")["retryable"] is True
    assert int(busy.headers["Retry-After"]) > 0
    notes.database._dsn = "postgresql://nobody@127.0.0.1:1/none?connect_timeout=1"
    notes.database.engine.dispose()
    away = client.get(AT, headers=headers())
    problem_of(away, 503, "temporarily-unavailable")
    assert client.get("/health/ready").status_code == 503
    assert client.get("/health/live").status_code == 200
