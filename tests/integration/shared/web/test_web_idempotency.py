"""A write that is sent twice has one effect and one answer, over a real database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier

import pytest
from fastapi.testclient import TestClient

from loyalty_shared.web.credentials import Function
from loyalty_shared.web.idempotency import Answer, Answers, Idempotency, forget_answers
from support.notes_service import AT, NOW, NoteBody, Notes, headers, issue, problem_of


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
