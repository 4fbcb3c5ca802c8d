"""A service as a real process: it is stopped and killed in the middle, and ends when it is told to."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from integration.shared.messaging.conftest import envelope, on_kafka, produce, taken, thing
from integration.shared.messaging.small_service import build
from loyalty_shared.persistence.connections import Database
from loyalty_shared.service import run_command
from support.eventually import eventually
from support.platform import MakeTopic

TESTS = Path(__file__).parents[3]


@dataclass
class Small:
    """The small service's command with its environment."""

    environment: dict[str, str]

    @contextmanager
    def serving(self, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
        process = subprocess.Popen(self._command("serve", *arguments), env=self.environment)
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.wait(30)

    def get(self, path: str) -> Any:
        return httpx.get(f"http://127.0.0.1:{self.environment['SMALL_HTTP_PORT']}{path}", trust_env=False).json()

    def _command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "integration.shared.messaging.small_service", *arguments]


def drained(consumers: list[dict[str, Any]]) -> None:
    for row in consumers:
        assert row["next_offset"] == row["end_offset"], row


@pytest.fixture
def small(kafka: str, service: Database, topic: MakeTopic) -> Small:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return Small(
        os.environ
        | {
            "PYTHONPATH": str(TESTS),
            "TOPIC_IN": topic("in", 2),
            "TOPIC_OUT": topic("out", 2),
            "SMALL_DATABASE_URL": service.url,
            "SMALL_KAFKA_BOOTSTRAP_SERVERS": kafka,
            "SMALL_HTTP_PORT": str(port),
        }
    )


def test_kills_in_the_middle_change_nothing_in_the_end(kafka: str, service: Database, small: Small) -> None:
    topic_in, topic_out = small.environment["TOPIC_IN"], small.environment["TOPIC_OUT"]
    produced = 0

    def produce_more() -> None:
        nonlocal produced
        for partition in range(2):
            produce(kafka, topic_in, [(thing(produced + no), envelope()) for no in range(400)], partition)
            produced += 400

    produce_more()
    for _ in range(2):
        with small.serving() as process:
            before = len(taken(service))
            eventually(lambda: len(taken(service)) > before)  # noqa: B023 -- called before the loop goes on
            process.kill()
        produce_more()
    with small.serving() as process:
        eventually(lambda: len(taken(service)) >= produced, 60)
        eventually(lambda: drained(small.get("/consumers")))
        eventually(lambda: len({record.no for record in on_kafka(kafka, topic_out, 2)}) == produced)
        assert small.get("/checks") == {"kafka": None, "consumers": None, "relay": None}
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert taken(service) == list(range(produced))
    by_number: dict[tuple[int, str], int] = {}
    for record in on_kafka(kafka, topic_out, 2):
        assert by_number.setdefault((record.partition, record.sequence), record.no) == record.no
    assert sorted(by_number.values()) == list(range(produced))


def test_each_role_alone(kafka: str, service: Database, small: Small) -> None:
    produce(kafka, small.environment["TOPIC_IN"], [(thing(no), envelope()) for no in range(10)])
    with small.serving("--roles", "api"):
        rows = eventually(lambda: small.get("/consumers"))
        assert [(row["next_offset"], row["end_offset"], row["state"]) for row in rows] == [(0, 10, "elsewhere"), (0, 0, "elsewhere")]
        assert small.get("/checks") == {"kafka": None}
    with small.serving("--roles", "consumer"):
        eventually(lambda: len(taken(service)) == 10)
    assert on_kafka(kafka, small.environment["TOPIC_OUT"], 2) == []
    with small.serving("--roles", "relay"):
        eventually(lambda: len(on_kafka(kafka, small.environment["TOPIC_OUT"], 2)) == 10)


def test_jobs_and_faults_have_their_exit_codes(small: Small, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name, value in small.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("loyalty_shared.service.configure_logs", lambda service, level: None)  # the process's own, which is pytest's here

    def run(*arguments: str) -> tuple[int, str]:
        code = run_command("small", build, arguments)
        said = capsys.readouterr()
        return code, said.out + said.err

    def job(entity: str, name: str = "do") -> tuple[int, str]:
        return run("job", name, "--entity", entity, "--on", "2027-01-01")

    assert job("001") == (0, "small job do: did 001 on 2027-01-01\n")
    assert job("later") == (75, "small job do: try again: the day is not complete\n")
    code, said = job("broken")
    assert (code, "failed: ZeroDivisionError: a bug" in said) == (1, True)
    assert job("001", "unknown") == (1, "small: no job 'unknown'; there are: do\n")
    with pytest.raises(SystemExit, match="2"):
        run("serve", "--roles", "dancer")
    assert "each must be one of api, consumer, relay" in capsys.readouterr().err
    monkeypatch.delenv("SMALL_KAFKA_BOOTSTRAP_SERVERS")
    assert run("serve") == (1, "small: setting SMALL_KAFKA_BOOTSTRAP_SERVERS: Field required\n")
