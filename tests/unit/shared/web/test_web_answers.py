"""The parts of the edge that need no database: problems, fingerprints of requests, cursors, answers."""

from __future__ import annotations

import json
from datetime import date
from http import HTTPStatus

import pytest

from loyalty_shared.web import problems
from loyalty_shared.web.answers import respond
from loyalty_shared.web.idempotency import Answer, Idempotency, fingerprint_of
from loyalty_shared.web.pagination import Page
from loyalty_shared.web.problems import Problem, Reason, problem_response

DECLARED = [value for value in vars(problems).values() if isinstance(value, Problem)]


def test_a_problem_says_what_where_and_what_to_do() -> None:
    response = problem_response(problems.INVALID_REQUEST, [Reason("body.points", "must be a JSON integer", "Send one.")])
    assert response.headers["content-type"] == "application/problem+json"
    assert (response.status_code, json.loads(bytes(response.body))) == (
        422,
        {
            "type": "urn:nanzhu:problem:invalid-request",
            "title": "The request is not valid",
            "status": 422,
            "code": "invalid-request",
            "retryable": False,
            "reasons": [{"path": "body.points", "fault": "must be a JSON integer", "remedy": "Send one."}],
        },
    )


@pytest.mark.parametrize("problem", DECLARED, ids=lambda problem: problem.code)
def test_codes_are_kebab_case_and_statuses_those_of_the_agreement(problem: Problem) -> None:
    assert problem.code == problem.code.lower().replace("_", "-").replace(" ", "-")
    assert problem.status in (400, 401, 403, 404, 405, 409, 422, 429, 500, 503)
    assert problem.retryable == (problem.status in (429, 500, 503) or problem is problems.KEY_IN_PROGRESS)


def test_codes_are_given_once() -> None:
    assert len({problem.code for problem in DECLARED}) == len(DECLARED)


@pytest.mark.parametrize("problem", [problems.UNAVAILABLE, problems.TOO_MANY_REQUESTS])
def test_who_should_wait_is_told_how_long(problem: Problem) -> None:
    assert int(problem_response(problem).headers["Retry-After"]) >= 1


def test_a_fingerprint_is_of_what_was_meant() -> None:
    first = fingerprint_of("POST", "/v1/x", b'{"a": 1, "b": [1, 2]}')
    assert fingerprint_of("POST", "/v1/x", b' {"b":[1,2],\n"a":1} ') == first
    others = [
        fingerprint_of("PUT", "/v1/x", b'{"a": 1, "b": [1, 2]}'),
        fingerprint_of("POST", "/v1/y", b'{"a": 1, "b": [1, 2]}'),
        fingerprint_of("POST", "/v1/x", b'{"a": 1, "b": [2, 1]}'),
        fingerprint_of("POST", "/v1/x", b'{"a": "1", "b": [1, 2]}'),
        fingerprint_of("POST", "/v1/x", b'{"a": 1}'),
        fingerprint_of("POST", "/v1/x", b""),
    ]
    assert len({first, *others}) == 7


def test_a_key_is_locked_in_its_scope() -> None:
    calls = [Idempotency("001", "a", "k", b""), Idempotency("002", "a", "k", b""), Idempotency("001", "b", "k", b""), Idempotency("001", "a", "l", b"")]
    assert len({call.lock_key for call in calls}) == 4
    assert all(-(2**63) <= call.lock_key < 2**63 for call in calls)
    assert Idempotency("001", "a", "k", b"\x01").lock_key == calls[0].lock_key


def test_an_answer_becomes_a_response() -> None:
    done = respond(Answer({"on": date(2026, 3, 1)}), {}, HTTPStatus.CREATED)
    assert (done.status_code, done.body, "Idempotency-Replayed" in done.headers) == (201, b'{"on":"2026-03-01"}', False)
    refusals = {"no-room": Problem("no-room", HTTPStatus.CONFLICT, "No room")}
    reason = {"path": "body", "fault": "full", "remedy": "Wait."}
    refused = respond(Answer({"reasons": [reason]}, "no-room", replayed=True), refusals, HTTPStatus.CREATED)
    assert (refused.status_code, json.loads(bytes(refused.body))["reasons"], refused.headers["Idempotency-Replayed"]) == (409, [reason], "true")
    assert respond(Answer({}, "key-in-progress"), refusals).status_code == 409
    with pytest.raises(KeyError):
        respond(Answer({}, "not-in-the-table"), refusals)


@pytest.mark.parametrize(("rows", "shown", "more"), [(0, 0, False), (1, 1, False), (2, 2, False), (3, 2, True)])
def test_a_page_has_a_next_one_only_when_more_was_read(rows: int, shown: int, more: bool) -> None:
    page = Page(limit=2, after=None)
    answer = page.answer(list(range(rows)), key_of=lambda row: (row,), show=lambda row: {"row": row})
    assert page.fetch == 3
    assert (len(answer["items"]), answer["next_cursor"] is not None) == (shown, more)
