"""The edge that every service has alike, over a real database: who may call, what a bad call is told, and that a write sent twice has one effect."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from http import HTTPStatus
from threading import Barrier, Event
from typing import Annotated, Any

import pytest
from fastapi import APIRouter
from fastapi.testclient import TestClient
from sqlalchemy import Column, Integer, MetaData, Table, Text
from starlette.responses import Response

from loyalty_shared.contracts.console import CredentialIssuedV1
from loyalty_shared.following import issue_credential
from loyalty_shared.kernel.clock import SystemClock
from loyalty_shared.observability.metrics import Metrics, http_metrics
from loyalty_shared.persistence import dead_letters
from loyalty_shared.persistence.connections import Database
from loyalty_shared.persistence.dead_letters import DeadLetter, Fault, Rejected, dead_letter_table
from loyalty_shared.persistence.entity_dates import entity_table
from loyalty_shared.web.answers import json_response, respond
from loyalty_shared.web.app import AppParts, create_app
from loyalty_shared.web.credentials import Caller, Function, Write, credential_table, reads, token_sha256, writes
from loyalty_shared.web.entity_routes import business_date_router
from loyalty_shared.web.idempotency import Answer, Answers, Idempotency, forget_answers, idempotency_table
from loyalty_shared.web.models import Body, CodeField, DateField, PointsField, SignedPointsField
from loyalty_shared.web.pagination import Page, pages
from loyalty_shared.web.problems import Problem
from support.eventually import eventually
from support.platform import MakeDatabase

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
AT = "/v1/entities/001/notes"
REFUSALS = {"too-many-points": Problem("too-many-points", HTTPStatus.CONFLICT, "Too many points")}


class NoteBody(Body):
    customer_no: CodeField
    points: PointsField
    on: DateField | None = None
    correction: SignedPointsField | None = None


class Notes:
    """A service of one table, with one write whose use case can be held in the middle."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.reached = Event()
        self.go_on = Event()
        self.go_on.set()
        self.refuse_retry = False

    def post(self, call: Idempotency, body: NoteBody) -> Answer:
        with self.database.transaction() as cursor:
            answers = Answers(cursor)
            if (earlier := answers.find(call)) is not None:
                return earlier
            if body.points > 1_000:
                reason = {"path": "body.points", "fault": "more than 1000", "remedy": "Send fewer."}
                return answers.keep(call, Answer({"reasons": [reason]}, "too-many-points"), NOW)
            cursor.execute(
                "insert into note (legal_entity, customer_no, points) values (%s, %s, %s) returning id", (call.legal_entity, body.customer_no, body.points)
            )
            row = cursor.fetchone()
            assert row is not None
            self.reached.set()
            assert self.go_on.wait(10)
            return answers.keep(call, Answer({"id": row[0], "points": body.points, "on": date(2026, 3, 1)}), NOW)

    def count(self) -> int:
        with self.database.transaction() as cursor:
            cursor.execute("select count(*) from note")
            row = cursor.fetchone()
            assert row is not None
            number: int = row[0]
            return number

    def router(self) -> APIRouter:
        router = APIRouter(prefix="/v1/entities/{legal_entity}/notes")

        @router.post("", status_code=HTTPStatus.CREATED)
        def post(legal_entity: str, body: NoteBody, call: Annotated[Write, writes(Function.CHANNEL)]) -> Response:
            return respond(self.post(call.idempotency, body), REFUSALS, HTTPStatus.CREATED)

        @router.get("")
        def list_notes(legal_entity: str, page: Annotated[Page, pages(int)], caller: Annotated[Caller, reads(Function.CHANNEL)]) -> Response:
            with self.database.transaction() as cursor:
                after = page.after[0] if page.after else 0
                cursor.execute("select id, points from note where legal_entity = %s and id > %s order by id limit %s", (legal_entity, after, page.fetch))
                rows = cursor.fetchall()
            return json_response(page.answer(rows, key_of=lambda row: (row[0],), show=lambda row: {"id": row[0], "points": row[1]}))

        @router.post("/fail")
        def fail(legal_entity: str, caller: Annotated[Caller, reads()]) -> Response:
            raise RuntimeError("the password is hunter2")

        @router.post("/wait")
        def wait_for_lock(legal_entity: str, caller: Annotated[Caller, reads()]) -> Response:
            with self.database.transaction() as cursor:
                cursor.execute("set local lock_timeout = '50ms'; lock table note in access exclusive mode")
            return json_response({})

        return router

    def retry(self, letter: DeadLetter) -> Rejected | None:
        if self.refuse_retry:
            return letter.rejected
        with self.database.transaction() as cursor:
            dead_letters.mark_retried(cursor, letter.letter_id)
        return None


@pytest.fixture
def notes(database: MakeDatabase) -> Iterator[Notes]:
    metadata = MetaData()
    for define in (entity_table, credential_table, idempotency_table, dead_letter_table):
        define(metadata)
    Table("note", metadata, Column("id", Integer, primary_key=True), Column("legal_entity", Text), Column("customer_no", Text), Column("points", Integer))
    opened = Database(database("web"), application_name="test")
    metadata.create_all(opened.engine)
    with opened.transaction() as cursor:
        for code in ("001", "002"):
            cursor.execute("insert into entity values (%s, '{}', 'Asia/Shanghai', '2026-03-01', 15)", (code,))
            for function in Function:
                issue(cursor, f"{code}-{function}", (code,), function)
    yield Notes(opened)
    opened.close()


def issue(cursor: Any, name: str, entities: tuple[str, ...], function: Function, *, enabled: bool = True) -> None:
    channel = "MOBILE" if function is Function.CHANNEL else None
    issue_credential(
        cursor,
        CredentialIssuedV1(
            credential=name, token_sha256=token_sha256(f"token-{name}"), entities=entities, functions=(function,), channel=channel, enabled=enabled
        ),
    )


@pytest.fixture
def client(notes: Notes) -> Iterator[TestClient]:
    parts = AppParts(
        service="notes",
        summary="A stand-in",
        routers=[notes.router(), business_date_router(notes.database)],
        database=notes.database,
        metrics=Metrics(http_metrics("notes").all()),
        checks={"consumers": lambda: None},
        consumers=lambda: [{"topic": "t", "partition": 0, "next_offset": 7}],
        retry_dead_letter=notes.retry,
        clock=SystemClock(),
    )
    with TestClient(create_app(parts), raise_server_exceptions=False) as opened:
        yield opened


def headers(who: str = "001-channel", key: str | None = "k1") -> dict[str, str]:
    return {"Authorization": f"Bearer token-{who}"} | ({"Idempotency-Key": key} if key else {})


def problem_of(response: Any, status: int, code: str) -> dict[str, Any]:
    assert (response.status_code, response.headers["content-type"], response.json()["code"]) == (status, "application/problem+json", code), response.text
    body: dict[str, Any] = response.json()
    assert body["status"] == status
    assert all(reason["path"] and reason["fault"] and reason["remedy"] for reason in body["reasons"])
    return body


def test_a_write_answers_and_the_same_key_gives_the_very_same_answer(client: TestClient, notes: Notes) -> None:
    first = client.post(AT, json={"customer_no": "C1", "points": 5}, headers=headers())
    again = client.post(AT, content=b' { "points":5,\n"customer_no": "C1" } ', headers=headers())
    assert (first.status_code, first.json()) == (201, {"id": 1, "points": 5, "on": "2026-03-01"})
    assert (again.status_code, again.content) == (201, first.content)
    assert (first.headers.get("Idempotency-Replayed"), again.headers.get("Idempotency-Replayed")) == (None, "true")
    assert notes.count() == 1


def test_a_key_used_with_another_body_or_address_is_refused(client: TestClient, notes: Notes) -> None:
    assert client.post(AT, json={"customer_no": "C1", "points": 5}, headers=headers()).status_code == 201
    problem_of(client.post(AT, json={"customer_no": "C1", "points": 6}, headers=headers()), 422, "idempotency-key-reused")
    assert notes.count() == 1


def test_a_key_is_the_credentials_own(client: TestClient, notes: Notes) -> None:
    with notes.database.transaction() as cursor:
        issue(cursor, "both", ("001", "002"), Function.CHANNEL)
    body = {"customer_no": "C1", "points": 5}
    answers = [
        client.post(f"/v1/entities/{entity}/notes", json=body, headers=headers(who))
        for who, entity in (("001-channel", "001"), ("both", "001"), ("both", "002"))
    ]
    assert [answer.status_code for answer in answers] == [201, 201, 201]
    assert notes.count() == 3


def test_a_refusal_is_kept_and_given_again(client: TestClient, notes: Notes) -> None:
    first = client.post(AT, json={"customer_no": "C1", "points": 5_000}, headers=headers())
    again = client.post(AT, json={"customer_no": "C1", "points": 5_000}, headers=headers())
    assert problem_of(first, 409, "too-many-points") == problem_of(again, 409, "too-many-points")
    assert again.headers["Idempotency-Replayed"] == "true"


def test_a_key_whose_write_is_still_running_is_refused_and_can_be_sent_again(client: TestClient, notes: Notes) -> None:
    notes.go_on.clear()
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(client.post, AT, json={"customer_no": "C1", "points": 5}, headers=headers())
        assert notes.reached.wait(10)
        refused = problem_of(client.post(AT, json={"customer_no": "C1", "points": 5}, headers=headers()), 409, "key-in-progress")
        notes.go_on.set()
        first = running.result()
    assert refused["retryable"] is True
    assert client.post(AT, json={"customer_no": "C1", "points": 5}, headers=headers()).content == first.content
    assert notes.count() == 1


def test_many_at_once_under_one_key_have_one_effect(notes: Notes) -> None:
    together = Barrier(8)
    call = Idempotency("001", "001-channel", "race", b"\x01" * 32)

    def send() -> Answer:
        together.wait()
        answer = notes.post(call, NoteBody(customer_no="C1", points=5))
        while answer.refusal == "key-in-progress":
            answer = notes.post(call, NoteBody(customer_no="C1", points=5))
        return answer

    with ThreadPoolExecutor(8) as threads:
        answers = [future.result() for future in [threads.submit(send) for _ in range(8)]]
    assert {(answer.refusal, answer.body["id"]) for answer in answers} == {(None, 1)}
    assert sum(not answer.replayed for answer in answers) == 1
    assert notes.count() == 1


def test_a_write_that_failed_keeps_no_answer(notes: Notes) -> None:
    call = Idempotency("001", "001-channel", "k", b"\x01" * 32)

    def fail_after_keeping() -> None:
        with notes.database.transaction() as cursor:
            Answers(cursor).keep(call, Answer({}), NOW)
            raise RuntimeError("the effect failed")

    with pytest.raises(RuntimeError):
        fail_after_keeping()
    with notes.database.transaction() as cursor:
        assert Answers(cursor).find(call) is None


def test_answers_are_forgotten_after_seven_days(notes: Notes) -> None:
    calls = {day: Idempotency("001", "c", f"k{day}", b"\x01" * 32) for day in (1, 2)}
    with notes.database.transaction() as cursor:
        for day, call in calls.items():
            Answers(cursor).keep(call, Answer({}), datetime(2026, 3, day, 12, tzinfo=UTC))
        assert forget_answers(cursor, datetime(2026, 3, 9, 0, tzinfo=UTC)) == 1
        assert Answers(cursor).find(calls[1]) is None
        assert Answers(cursor).find(calls[2]) is not None


def test_a_write_without_a_usable_key_is_refused(client: TestClient, notes: Notes) -> None:
    keys: tuple[dict[str, str], ...] = ({}, {"Idempotency-Key": ""}, {"Idempotency-Key": "k" * 256})
    for given in keys:
        refused = client.post(AT, json={"customer_no": "C1", "points": 5}, headers=headers(key=None) | given)
        problem_of(refused, 400, "idempotency-key-missing")
    assert notes.count() == 0


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
    problem_of(client.post(AT, content=b'{"customer_no": "C\\u0000", "points": 5}', headers=headers()), 422, "invalid-request")
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


def test_pages_follow_each_other_and_end(client: TestClient, notes: Notes) -> None:
    with notes.database.transaction() as cursor:
        cursor.execute("insert into note (legal_entity, customer_no, points) select '001', 'C1', n from generate_series(1, 5) n")
        cursor.execute("insert into note (legal_entity, customer_no, points) values ('002', 'C1', 99)")
    seen, cursor_given = [], ""
    for _ in range(3):
        page = client.get(f"{AT}?limit=2{cursor_given}", headers=headers()).json()
        seen += [item["points"] for item in page["items"]]
        cursor_given = f"&cursor={page['next_cursor']}"
    assert (seen, page["next_cursor"]) == ([1, 2, 3, 4, 5], None)


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


def test_a_service_is_ready_once_an_entity_is_known(client: TestClient, notes: Notes) -> None:
    assert client.get("/health/ready").json() == {"status": "ready", "checks": {"database": "ok", "consumers": "ok"}}
    with notes.database.transaction() as cursor:
        cursor.execute("delete from entity")
    refused = client.get("/health/ready")
    assert (refused.status_code, refused.json()["checks"]["database"]) == (503, "no legal entity is known yet")


def test_documents_and_metrics_need_no_credential_and_no_outside_host(client: TestClient) -> None:
    page = client.get("/docs").text
    assert "https://" not in page
    assert "http://" not in page
    for asset in ("swagger-ui-bundle.js", "swagger-ui.css"):
        assert asset in page
        assert client.get(f"/static-offline-docs/{asset}").status_code == 200
    assert AT.replace("001", "{legal_entity}") in client.get("/openapi.json").json()["paths"]
    client.get(AT, headers=headers())
    shown = client.get("/metrics").text
    assert 'loyalty_notes_http_requests_total{method="GET",route="/v1/entities/{legal_entity}/notes",status="200"} 1.0' in shown


def test_consumers_and_the_business_date_are_shown(client: TestClient, notes: Notes) -> None:
    assert client.get("/v1/consumers", headers=headers()).json()["items"] == [{"topic": "t", "partition": 0, "next_offset": 7}]
    assert client.get("/v1/entities/001/business-date", headers=headers("001-maker")).json() == {"business_on": "2026-03-01"}
    with notes.database.transaction() as cursor:
        issue(cursor, "both", ("001", "003"), Function.ADMIN)
    problem_of(client.get("/v1/entities/003/business-date", headers=headers("both")), 404, "entity-unknown")


def test_dead_letters_are_listed_by_entity_and_taken_again(client: TestClient, notes: Notes) -> None:
    letters = [
        Rejected(
            topic="core.transactions",
            partition=0,
            offset=n,
            key=b"k",
            headers=(),
            value=b"{}",
            fault=Fault.INVALID_FIELD,
            detail="amount_minor",
            legal_entity=code,
        )
        for n, code in enumerate(("001", "001", "002"))
    ]
    with notes.database.transaction() as cursor:
        dead_letters.post(cursor, 7, "notes.take", letters, NOW)
    admin, at = headers("001-admin"), "/v1/entities/001/dead-letters"
    page = client.get(f"{at}?limit=1", headers=admin).json()
    assert [(item["letter_id"], item["reason"], item["offset"]) for item in page["items"]] == [("7-0", "invalid-field", 0)]
    rest = client.get(f"{at}?cursor={page['next_cursor']}", headers=admin).json()
    assert ([item["letter_id"] for item in rest["items"]], rest["next_cursor"]) == (["7-1"], None)

    notes.refuse_retry = True
    problem_of(client.post(f"{at}/7-0/retry", headers=admin), 409, "still-failing")
    notes.refuse_retry = False
    problem_of(client.post(f"{at}/7-0/retry", headers=admin), 409, "still-failing")
    assert client.post(f"{at}/7-0/retry", headers=headers("001-admin", "k2")).json() == {"letter_id": "7-0", "status": "retried"}
    assert client.post(f"{at}/7-0/retry", headers=headers("001-admin", "k3")).json() == {"letter_id": "7-0", "status": "retried"}
    problem_of(client.post(f"{at}/7-2/retry", headers=headers("001-admin", "k4")), 404, "not-found")
    problem_of(client.post(f"{at}/x/retry", headers=headers("001-admin", "k5")), 404, "not-found")
    problem_of(client.get(at, headers=headers()), 403, "function-not-granted")
    assert [item["letter_id"] for item in client.get(at, headers=admin).json()["items"]] == ["7-1"]
