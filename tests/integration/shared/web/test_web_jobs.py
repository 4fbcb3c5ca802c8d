"""A service's jobs over HTTP: done once for a key, and told apart when they cannot be done yet, fail, or are none."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from fastapi.testclient import TestClient

from loyalty_shared.kernel.clock import SystemClock
from loyalty_shared.observability.metrics import Metrics, http_metrics
from loyalty_shared.persistence.entity_dates import UnknownEntity
from loyalty_shared.service import TryAgain
from loyalty_shared.web.app import AppParts, create_app
from support.notes_service import Notes, headers, problem_of

AT = "/v1/entities/001/jobs"


class Jobs:
    """Jobs that come to what the test wants."""

    def __init__(self) -> None:
        self.done: list[tuple[str, date]] = []
        self.raises: Exception | None = None

    def tidy(self, legal_entity: str, on: date) -> str:
        if self.raises is not None:
            raise self.raises
        self.done.append((legal_entity, on))
        return f"{len(self.done)} tidied"


@pytest.fixture
def jobs() -> Jobs:
    return Jobs()


@pytest.fixture
def client(notes: Notes, jobs: Jobs) -> Iterator[TestClient]:
    parts = AppParts(
        service="notes",
        summary="A stand-in",
        routers=[],
        database=notes.database,
        metrics=Metrics(http_metrics("notes").all()),
        checks={},
        consumers=list,
        retry_dead_letter=notes.retry,
        clock=SystemClock(),
        jobs={"tidy": jobs.tidy},
    )
    with TestClient(create_app(parts), raise_server_exceptions=False) as opened:
        yield opened


def run(client: TestClient, body: Any = None, name: str = "tidy", who: str = "001-admin", key: str = "k1") -> Any:
    return client.post(f"{AT}/{name}/runs", json=body, headers=headers(who, key))


def test_a_job_is_done_for_the_date_or_for_the_present_one(client: TestClient, jobs: Jobs) -> None:
    assert run(client, {"on": "2026-02-01"}).json() == {"status": "done", "detail": "1 tidied"}
    assert run(client, key="k2").json() == {"status": "done", "detail": "2 tidied"}
    assert jobs.done == [("001", date(2026, 2, 1)), ("001", date(2026, 3, 1))]
    assert client.get(AT, headers=headers("001-auditor")).json() == {"items": [{"name": "tidy"}], "next_cursor": None}


def test_the_same_key_gives_the_first_answer_and_does_nothing(client: TestClient, jobs: Jobs) -> None:
    first, again = run(client), run(client)
    assert (again.json(), again.headers["Idempotency-Replayed"], len(jobs.done)) == (first.json(), "true", 1)
    problem_of(run(client, {"on": "2026-02-01"}), 422, "idempotency-key-reused")


def test_what_cannot_be_done_yet_is_said_so_and_may_be_sent_again(client: TestClient, jobs: Jobs) -> None:
    jobs.raises = TryAgain("the day is open")
    refused = problem_of(run(client), 409, "try-again")
    assert (refused["retryable"], refused["reasons"][0]["fault"]) == (True, "the day is open")
    jobs.raises = None
    assert run(client).json()["status"] == "done"


def test_a_job_that_fails_tells_no_secret(client: TestClient, jobs: Jobs) -> None:
    jobs.raises = RuntimeError("the password is hunter2")
    failed = run(client)
    assert (problem_of(failed, 500, "job-failed")["retryable"], "hunter2" in failed.text) == (False, False)
    jobs.raises = UnknownEntity("001")
    problem_of(run(client), 404, "entity-unknown")


def test_a_call_that_does_not_fit_is_refused(client: TestClient, jobs: Jobs) -> None:
    problem_of(run(client, name="brew-tea"), 404, "job-unknown")
    problem_of(run(client, {"on": "tomorrow"}), 422, "invalid-request")
    for who in ("001-maker", "001-auditor", "001-channel"):
        problem_of(run(client, who=who), 403, "function-not-granted")
    problem_of(run(client, who="002-admin"), 403, "not-your-entity")
    problem_of(client.post(f"{AT}/tidy/runs", headers=headers("001-admin", None)), 400, "idempotency-key-missing")
    assert jobs.done == []
