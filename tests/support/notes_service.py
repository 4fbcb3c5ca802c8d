"""A stand-in service of one table, with the edge that every service has: what the tests of that edge call."""

from __future__ import annotations

from datetime import UTC, date, datetime
from http import HTTPStatus
from threading import Event
from typing import Annotated, Any

from fastapi import APIRouter
from starlette.responses import Response

from loyalty_shared.contracts.console import CredentialIssuedV1
from loyalty_shared.following import issue_credential
from loyalty_shared.persistence.connections import Database
from loyalty_shared.persistence.dead_letters import DeadLetter, Rejected, Status, place_of
from loyalty_shared.web.answers import json_response, respond
from loyalty_shared.web.credentials import Caller, Function, Write, reads, token_sha256, writes
from loyalty_shared.web.idempotency import Answer, Answers, Idempotency
from loyalty_shared.web.models import Body, CodeField, DateField, PointsField, SignedPointsField
from loyalty_shared.web.pagination import Page, pages
from loyalty_shared.web.problems import Problem

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
AT = "/v1/entities/001/notes"
REFUSALS = {"too-many-points": Problem("too-many-points", HTTPStatus.CONFLICT, "Too many points")}


class NoteBody(Body):
    customer_no: CodeField
    points: PointsField
    on: DateField | None = None
    correction: SignedPointsField | None = None
    remark: str | None = None


class Notes:
    """A service of one table, with one write whose use case can be held in the middle."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.reached = Event()
        self.go_on = Event()
        self.go_on.set()
        self.refuse_retry = False
        self.retry_raises: Exception | None = None

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
        assert letter.status is Status.OPEN, "taken twice"
        if self.retry_raises is not None:
            raise self.retry_raises
        if self.refuse_retry:
            return letter.rejected
        with self.database.transaction() as cursor:
            cursor.execute("update dead_letter set status = 'retried' where batch_no = %s and position = %s", place_of(letter.letter_id))
        return None


def issue(cursor: Any, name: str, entities: tuple[str, ...], function: Function, *, enabled: bool = True) -> None:
    channel = "MOBILE" if function is Function.CHANNEL else None
    issue_credential(
        cursor,
        CredentialIssuedV1(
            credential=name, token_sha256=token_sha256(f"token-{name}"), entities=entities, functions=(function,), channel=channel, enabled=enabled
        ),
    )


def headers(who: str = "001-channel", key: str | None = "k1") -> dict[str, str]:
    return {"Authorization": f"Bearer token-{who}"} | ({"Idempotency-Key": key} if key else {})


def problem_of(response: Any, status: int, code: str) -> dict[str, Any]:
    assert (response.status_code, response.headers["content-type"], response.json()["code"]) == (status, "application/problem+json", code), response.text
    body: dict[str, Any] = response.json()
    assert body["status"] == status
    assert all(reason["path"] and reason["fault"] and reason["remedy"] for reason in body["reasons"])
    return body
