"""How a service is brought up, with a small stand-in: `python` is the service's command, so that `migrate` and `serve` are scripts in the run directory."""

from collections.abc import Collection, Iterator
from pathlib import Path

import httpx
import pytest

from nanzhu_local.failures import PlatformFailure
from nanzhu_local.ports import Ports
from nanzhu_local.run_directory import RunDirectory
from nanzhu_local.services import RunningService, Service, Surroundings, start_stopped

MIGRATE = "import os, pathlib; pathlib.Path('migrated').write_text(os.environ['PYTHON_DATABASE_URL'])"
SERVE = """
import http.server, os, sys

asked = 0

class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        global asked
        asked += 1
        self.send_response(200 if self.path == "/health/ready" and asked > 2 else 503)
        self.end_headers()

print("serving", *sys.argv[1:], os.environ["PYTHON_KAFKA_BOOTSTRAP_SERVERS"], flush=True)
http.server.HTTPServer((os.environ["PYTHON_HTTP_HOST"], int(os.environ["PYTHON_HTTP_PORT"])), Health).serve_forever()
"""
AROUND = Surroundings({}, "seed", Path("packages"))


def start(service: RunningService, database_url: str = "", kafka: str = "") -> Collection[RunningService]:
    return start_stopped({service: service.environment(database_url, kafka, AROUND)})


@pytest.fixture
def running(tmp_path: Path) -> Iterator[RunningService]:
    run = RunDirectory(tmp_path / "run")
    run.create()
    (run.path / "migrate").write_text(MIGRATE)
    (run.path / "serve").write_text(SERVE)
    service = RunningService(Service(name="python"), run, Ports(run))
    yield service
    service.process.kill()


def test_a_service_is_migrated_then_started_then_ready(running: RunningService) -> None:
    assert list(start(running, "postgresql://database", "127.0.0.1:9092")) == [running]
    running.wait_ready()
    assert (running.run.path / "migrated").read_text() == "postgresql://database"
    assert "serving --roles api,consumer,relay 127.0.0.1:9092" in running.run.log("python").read_text()
    assert httpx.get(f"{running.http}/health/ready").status_code == 200


def test_one_that_runs_is_left_alone(running: RunningService) -> None:
    start(running)
    (running.run.path / "migrated").unlink()
    assert not start(running)
    assert not (running.run.path / "migrated").exists()


def test_it_is_stopped_by_request_and_comes_back_on_its_port(running: RunningService) -> None:
    start(running)
    running.wait_ready()
    before = running.http
    running.stop()
    assert running.process.find() is None
    start(running)
    running.wait_ready()
    assert running.http == before


def test_a_failed_migration_starts_nothing_and_is_shown(running: RunningService) -> None:
    (running.run.path / "migrate").write_text("raise SystemExit('column points is missing')")
    with pytest.raises(PlatformFailure, match=r"exit code 1(.|\n)*column points is missing"):
        start(running)
    assert running.process.find() is None


def test_a_service_without_its_command_is_told_so(running: RunningService) -> None:
    missing = RunningService(Service(name="no-such-service"), running.run, Ports(running.run))
    with pytest.raises(PlatformFailure, match="no-such-service"):
        start(missing)
