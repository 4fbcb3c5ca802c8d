"""What the run directory keeps, and what it refuses."""

import shutil
import socket
import stat
from pathlib import Path
from typing import NamedTuple

import pytest

from nanzhu_local.endpoints import read_endpoints
from nanzhu_local.failures import PlatformFailure
from nanzhu_local.ports import Ports
from nanzhu_local.run_directory import RunDirectory


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    directory = RunDirectory(tmp_path / "run")
    directory.create()
    return directory


class Usage(NamedTuple):
    total: int
    used: int
    free: int


def test_ports_are_chosen_once_and_differ(run: RunDirectory) -> None:
    first = Ports(run)
    chosen = [first.port_of(name) for name in ("kafka", "postgres", "accrual")]
    assert len(set(chosen)) == 3
    assert [Ports(run).port_of(name) for name in ("kafka", "postgres", "accrual")] == chosen


def test_a_kept_port_that_somebody_else_took_is_named(run: RunDirectory) -> None:
    port = Ports(run).port_of("kafka")
    with socket.socket() as intruder:
        intruder.bind(("127.0.0.1", port))
        intruder.listen()
        with pytest.raises(PlatformFailure, match=rf"port {port}, kept for kafka, is taken by(.|\n)*ports.json"):
            Ports(run).require_free("kafka")
    Ports(run).require_free("kafka")


def test_a_secret_is_made_once_for_the_owner_only(run: RunDirectory) -> None:
    seed = run.secret("credentials")
    assert run.secret("credentials") == seed != run.secret("database")
    assert stat.S_IMODE((run.path / "secret.json").stat().st_mode) == 0o600


def test_two_commands_at_once_are_refused(run: RunDirectory) -> None:
    with run.locked(), pytest.raises(PlatformFailure, match="another command"), RunDirectory(run.path).locked():
        pass


def test_a_nearly_full_disk_is_told_before_anything_starts(run: RunDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(1 << 40, (1 << 40) - 1000, 1000))
    with pytest.raises(PlatformFailure, match="MiB free"):
        run.create()


def test_endpoints_of_a_platform_that_was_never_up_are_missed_in_words(run: RunDirectory) -> None:
    with pytest.raises(PlatformFailure, match="make up"):
        read_endpoints(run.endpoints)
