"""The job list: runs by hand and by time, tried again, taken up after a crash."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

import psycopg2
import pytest

from console.adapters.cron import next_at
from console.adapters.unit_of_work import units_of_work
from console.application.close_day import CloseDay
from console.application.job_desk import StartDueJobs
from console.application.ports import UnitOfWork
from console.domain.jobs import ATTEMPTS_MAX, Run
from console.entrypoints.jobs import own_jobs
from loyalty_shared.contracts.console import BusinessDateAdvancedV1
from nanzhu_local.credentials import token_of
from support.console_desk import SEED, Console, problem_of
from support.eventually import eventually

DONE = (200, {"status": "done", "detail": "3 accounts settled"})
NOT_YET = (409, {"code": "try-again", "retryable": True, "reasons": [{"path": "body.on", "fault": "the day is open", "remedy": "later"}]})
AWAY = (503, {"code": "temporarily-unavailable", "retryable": True, "reasons": []})
NOT_HEARD_OF = (401, {"code": "unauthenticated", "retryable": False, "reasons": []})
REFUSED = (404, {"code": "job-unknown", "retryable": False, "reasons": []})


class Neighbour(BaseHTTPRequestHandler):
    """A service that gives the answers it was told to, the last one for ever, and notes what it was asked."""

    asked: list[dict[str, Any]]
    answers: list[tuple[int, Any]]
    go_on: Event

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append({"path": self.path, "body": body, "key": self.headers["Idempotency-Key"], "who": self.headers["Authorization"]})
        self.go_on.wait(20)
        status, answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        sent = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class Service:
    """The neighbour as a test sees it."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.answers: list[tuple[int, Any]] = [DONE]
        self.go_on = Event()
        self.go_on.set()
        handler = type("Neighbour1", (Neighbour,), {"asked": self.asked, "answers": self.answers, "go_on": self.go_on})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def answer(self, *answers: tuple[int, Any]) -> None:
        self.answers[:] = answers


@pytest.fixture
def service() -> Iterator[Service]:
    made = Service()
    thread = Thread(target=made.server.serve_forever)
    thread.start()
    yield made
    made.go_on.set()
    made.server.shutdown()
    thread.join()
    made.server.server_close()


def start(console: Console, job: str = "expire-points", **body: Any) -> str:
    answer = console.write(f"jobs/{job}/runs", body or None)
    assert (answer.status_code, answer.json()["status"]) == (201, "queued"), answer.text
    run_id: str = answer.json()["run_id"]
    return run_id


def shown(console: Console, run_id: str, job: str = "expire-points") -> dict[str, Any]:
    found: dict[str, Any] = console.read(f"jobs/{job}/runs/{run_id}").json()
    return found


def test_the_job_list_names_who_does_what(console: Console) -> None:
    jobs = {job["name"]: job for job in console.read("jobs", "001:channel").json()["items"]}
    assert {name: (job["service"], job["date"]) for name, job in jobs.items()} == {
        "close-day": ("console", "present"),
        "mature-points": ("redemption", "present"),
        "expire-points": ("redemption", "present"),
        "raise-expiry-notices": ("redemption", "present"),
        "compare-balances": ("redemption", "present"),
        "verify-chain": ("redemption", "present"),
        "decide-balances": ("accrual", "present"),
        "make-batches": ("settlement", "last-closed"),
        "make-reports": ("reporting", "last-closed"),
    }
    assert all((job["schedule"], job["last_run"]) == (None, None) for job in jobs.values())


def test_the_day_is_closed_by_a_run(console: Console) -> None:
    run_id = start(console, "close-day")
    assert console.runner()() is not None
    run = shown(console, run_id, "close-day")
    assert (run["status"], run["on"], run["started_by"], run["started_how"], run["attempts"]) == ("done", "2026-03-02", "001-admin", "hand", 1)
    assert console.read("business-date").json()["business_on"] == "2026-03-03"
    again = start(console, "close-day", on="2026-03-02")
    assert console.runner()() is not None
    assert shown(console, again, "close-day")["detail"] == "2026-03-02 was closed already; the business date is 2026-03-03"
    assert len(console.announced(BusinessDateAdvancedV1)) == 1
    early = start(console, "close-day", on="2026-04-01")
    assert console.runner()() is not None
    assert shown(console, early, "close-day") | {"next_attempt_at": None, "started_at": None, "asked_at": None} == {
        "run_id": early,
        "job": "close-day",
        "service": "console",
        "on": "2026-04-01",
        "status": "queued",
        "detail": "the business date is 2026-03-03: 2026-04-01 has not begun",
        "attempts": 1,
        "started_by": "001-admin",
        "started_how": "hand",
        "asked_at": None,
        "started_at": None,
        "finished_at": None,
        "next_attempt_at": None,
    }
    assert console.read("jobs").json()["items"][0]["last_run"]["run_id"] == early


def test_a_service_does_the_job_asked_with_the_consoles_own_token(console: Console, service: Service) -> None:
    run_id = start(console, on="2026-03-01")
    assert console.runner(redemption=service.url)() is not None
    assert (shown(console, run_id)["status"], shown(console, run_id)["detail"]) == ("done", "3 accounts settled")
    assert service.asked == [
        {
            "path": "/v1/entities/001/jobs/expire-points/runs",
            "body": {"on": "2026-03-01"},
            "key": f"job-run-{run_id}",
            "who": f"Bearer {token_of(SEED, 'services', 'console')}",
        }
    ]
    assert console.runner(redemption=service.url)() is None


def test_what_cannot_be_done_yet_is_tried_again_later_and_later(console: Console, service: Service) -> None:
    service.answer(NOT_YET, AWAY, NOT_HEARD_OF, (502, "not ours"), DONE)
    run_id, runner = start(console), console.runner(redemption=service.url)
    for attempt, pause_seconds in enumerate((1, 2, 4, 8), start=1):
        assert runner() is not None
        run = shown(console, run_id)
        assert (run["status"], run["attempts"], run["finished_at"]) == ("queued", attempt, None)
        console.clock.put_on(seconds=pause_seconds - 0.5)
        assert runner() is None
        console.clock.put_on(seconds=0.5)
    assert shown(console, run_id)["detail"] == "redemption: answered 502 and no problem of ours"
    assert runner() is not None
    assert (shown(console, run_id)["status"], shown(console, run_id)["attempts"]) == ("done", 5)


def test_a_service_that_stays_away_is_given_up_with_a_limit(console: Console) -> None:
    run_id, runner = start(console), console.runner(redemption="http://127.0.0.1:1")
    for _ in range(ATTEMPTS_MAX):
        assert runner() is not None
        console.clock.put_on(seconds=60)
    assert runner() is None
    run = shown(console, run_id)
    assert (run["status"], run["attempts"], run["detail"]) == ("failed", ATTEMPTS_MAX, "redemption does not answer: ConnectError")


def test_what_asking_again_does_not_help_fails_at_once(console: Console, service: Service) -> None:
    service.answer(REFUSED)
    run_id, elsewhere = start(console), start(console, "make-batches", on="2026-03-01")
    runner = console.runner(redemption=service.url)
    assert runner() is not None
    assert runner() is not None
    assert (shown(console, run_id)["status"], shown(console, run_id)["detail"]) == ("failed", "redemption: job-unknown")
    assert shown(console, elsewhere, "make-batches")["detail"] == "the console is not told where settlement is"
    assert [run["run_id"] for run in console.read("jobs/expire-points/runs?status=failed").json()["items"]] == [run_id]


class Dies(BaseException):
    """The process ends here."""


def test_a_run_whose_console_died_is_taken_up_by_another_and_done_under_the_same_key(console: Console, service: Service) -> None:
    run_id = start(console)
    first, second = console.runner("first", redemption=service.url), console.runner("second", redemption=service.url)

    def die_after_the_call(run: Run) -> Any:
        first.perform(run)
        raise Dies

    dying = type(first)(begin=first.begin, clock=first.clock, perform=die_after_the_call, owner=first.owner)
    with pytest.raises(Dies):
        dying()
    assert (shown(console, run_id)["status"], second()) == ("running", None)
    console.clock.put_on(seconds=21)
    assert second() is not None
    assert (shown(console, run_id)["status"], shown(console, run_id)["attempts"]) == ("done", 2)
    assert [asked["key"] for asked in service.asked] == [f"job-run-{run_id}"] * 2


def test_who_lost_the_lease_writes_nothing(console: Console, service: Service) -> None:
    run_id = start(console)
    service.go_on.clear()
    slow, quick = console.runner("slow", redemption=service.url), console.runner("quick", redemption=service.url)
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(slow)
        eventually(lambda: len(service.asked) == 1)  # the first console has claimed the run and asked
        console.clock.put_on(seconds=21)
        second = threads.submit(quick)
        eventually(lambda: len(service.asked) == 2)
        service.go_on.set()
        outcomes = [first.result(), second.result()]
    assert [outcome is None for outcome in outcomes] == [True, False]
    assert (shown(console, run_id)["status"], shown(console, run_id)["attempts"]) == ("done", 2)


def test_a_database_that_is_away_for_a_moment_takes_no_run_from_who_does_it(console: Console, service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.application.perform_run.RENEW_EVERY", timedelta(milliseconds=20))
    run_id = start(console)
    service.go_on.clear()
    runner = console.runner(redemption=service.url)
    begun: list[bool] = []

    def begin() -> AbstractContextManager[UnitOfWork]:
        begun.append(True)
        if len(begun) in (2, 3):  # the first claims the run; these renew its lease
            raise psycopg2.OperationalError("server closed the connection unexpectedly")
        return runner.begin()

    with ThreadPoolExecutor(1) as threads:
        done = threads.submit(replace(runner, begin=begin))
        eventually(lambda: len(service.asked) == 1 and done.running())
        console.clock.put_on(seconds=15)
        eventually(lambda: console.sql("select lease_until > %s from job_run", console.clock.now() + timedelta(seconds=19)) == [(True,)])
        service.go_on.set()
        assert done.result() is not None
    assert (shown(console, run_id)["status"], shown(console, run_id)["attempts"], len(service.asked)) == ("done", 1, 1)


def test_a_job_runs_once_at_a_time_in_an_entity_and_others_go_on(console: Console, service: Service) -> None:
    first, second, other = start(console), start(console), start(console, "mature-points")
    service.go_on.clear()
    runner = console.runner(redemption=service.url)
    with ThreadPoolExecutor(3) as threads:
        running = [threads.submit(console.runner(f"console {number}", redemption=service.url)) for number in range(3)]
        eventually(lambda: len(service.asked) == 2)
        assert shown(console, first)["status"] == shown(console, other, "mature-points")["status"] == "running"
        assert shown(console, second)["status"] == "queued"
        service.go_on.set()
        assert sum(one.result() is not None for one in running) == 2
    assert runner() is not None
    assert shown(console, second)["status"] == "done"


def test_a_job_starts_by_time_in_the_entitys_zone_once(console: Console) -> None:
    planned = console.put("jobs/close-day/schedule", {"cron": "30 2 * * *"}).json()  # it is 1:30 in Shanghai
    assert planned == {"name": "close-day", "schedule": {"cron": "30 2 * * *", "next_at": "2026-03-01T18:30:00Z"}}
    start_due = StartDueJobs(begin=units_of_work(console.database), clock=console.clock, next_at=next_at)
    assert start_due() == 0
    console.clock.put_on(hours=1)
    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(lambda _: start_due(), range(4))) == 1
    assert console.runner()() is not None
    [run] = console.read("jobs/close-day/runs").json()["items"]
    assert (run["status"], run["on"], run["started_by"], run["started_how"]) == ("done", "2026-03-02", "schedule", "time")
    assert console.read("jobs").json()["items"][0]["schedule"]["next_at"] == "2026-03-02T18:30:00Z"
    console.clock.put_on(days=3)  # times missed are made up for by one run
    assert (start_due(), start_due()) == (1, 0)
    assert console.put("jobs/close-day/schedule", {"cron": None}).json()["schedule"] is None
    console.clock.put_on(days=3)
    assert start_due() == 0


def test_settlement_and_reports_are_of_the_date_closed_last(console: Console) -> None:
    problem_of(console.write("jobs/make-batches/runs"), 409, "no-closed-date")
    console.write("business-date", {"business_on": "2026-03-05"})
    assert shown(console, start(console, "make-batches"), "make-batches")["on"] == "2026-03-02"
    assert shown(console, start(console, "make-reports", on="2026-03-01"), "make-reports")["on"] == "2026-03-01"


def test_jobs_are_refused_naming_the_fault(console: Console) -> None:
    problem_of(console.write("jobs/brew-tea/runs"), 404, "job-unknown")
    problem_of(console.read("jobs/brew-tea/runs"), 404, "job-unknown")
    problem_of(console.put("jobs/brew-tea/schedule", {"cron": "* * * * *"}), 404, "job-unknown")
    for unknown in ("999", "x", "1" * 40):
        problem_of(console.read(f"jobs/close-day/runs/{unknown}"), 404, "run-unknown")
    problem_of(console.write("jobs/close-day/runs", {"on": "tomorrow"}), 422, "invalid-request")
    for cron in ("", "every night", "61 * * * *", "* * * *", "0 0 30 2 *", "* * * * * *"):
        assert problem_of(console.put("jobs/close-day/schedule", {"cron": cron}), 422, "cron-invalid")["reasons"][0]["path"] == "body.cron"
    for who in ("001:maker", "001:auditor", "001:channel"):
        problem_of(console.write("jobs/close-day/runs", None, who), 403, "function-not-granted")
    run_id = start(console, "close-day")
    problem_of(console.read(f"/v1/entities/002/jobs/close-day/runs/{run_id}", "002:auditor"), 404, "run-unknown")


def test_a_call_sent_again_starts_one_run(console: Console) -> None:
    first, again = console.write("jobs/close-day/runs", key="k"), console.write("jobs/close-day/runs", key="k")
    assert (first.json(), again.headers["Idempotency-Replayed"]) == (again.json(), "true")
    assert len(console.read("jobs/close-day/runs").json()["items"]) == 1


def test_the_job_does_the_same_from_the_command_line(console: Console) -> None:
    close_day = own_jobs(CloseDay(begin=units_of_work(console.database), clock=console.clock))["close-day"]
    assert close_day("001", date(2026, 3, 2)) == "2026-03-02 is closed; the business date is 2026-03-03"
    assert close_day("001", date(2026, 3, 2)) == "2026-03-02 was closed already; the business date is 2026-03-03"
