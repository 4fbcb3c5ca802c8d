"""Background processes of the runner, on a small real process."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from nanzhu_local.failures import PlatformFailure
from nanzhu_local.processes import BackgroundProcess, Command, run_to_end
from nanzhu_local.run_directory import RunDirectory, read_json, write_json
from support.eventually import eventually

STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
PARENT = "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], start_new_session=True); time.sleep(600)"


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    directory = RunDirectory(tmp_path / "run")
    directory.create()
    return directory


@pytest.fixture
def process(run: RunDirectory) -> Iterator[BackgroundProcess]:
    background = BackgroundProcess("sleeper", run)
    yield background
    background.kill()


def python(run: RunDirectory, program: str) -> Command:
    return Command(arguments=[sys.executable, "-c", program], environment=os.environ, directory=run.path)


def test_another_command_finds_and_stops_what_this_one_started(run: RunDirectory, process: BackgroundProcess) -> None:
    process.start(python(run, "import time; time.sleep(600)"))
    found = BackgroundProcess("sleeper", run).find()
    assert found is not None
    BackgroundProcess("sleeper", run).stop(signal.SIGTERM, 10)
    assert process.find() is None


def test_one_that_died_counts_as_dead_before_its_parent_has_noticed(run: RunDirectory, process: BackgroundProcess) -> None:
    process.start(python(run, "import time; time.sleep(600)"))
    os.kill(read_json(run.pid("sleeper"))["pid"], signal.SIGKILL)
    eventually(lambda: BackgroundProcess("sleeper", run).find() is None)


def test_a_pid_that_was_used_again_is_nobody_of_ours(run: RunDirectory) -> None:
    write_json(run.pid("sleeper"), {"pid": os.getpid(), "created": psutil.Process().create_time() - 60})
    background = BackgroundProcess("sleeper", run)
    assert background.find() is None
    background.kill()  # would end this test run


def test_one_that_ignores_the_request_to_stop_is_killed(run: RunDirectory, process: BackgroundProcess) -> None:
    process.start(python(run, STUBBORN))
    eventually(lambda: "deaf" in run.log("sleeper").read_text())
    process.stop(signal.SIGTERM, 0.2)
    assert process.find() is None


def test_killing_ends_the_children_too(run: RunDirectory, process: BackgroundProcess) -> None:
    process.start(python(run, PARENT))
    (child,) = eventually(lambda: psutil.Process(read_json(run.pid("sleeper"))["pid"]).children())
    process.kill()
    assert not child.is_running()


def test_one_that_ends_while_starting_shows_the_end_of_its_log(run: RunDirectory, process: BackgroundProcess) -> None:
    process.start(python(run, "print('no space for my data'); raise SystemExit(3)"))
    with pytest.raises(PlatformFailure, match=r"sleeper ended while starting(.|\n)*no space for my data"):
        process.wait_until(lambda: False, 30)


def test_one_that_is_never_ready_is_told_so(run: RunDirectory, process: BackgroundProcess) -> None:
    process.start(python(run, "import time; time.sleep(600)"))
    with pytest.raises(PlatformFailure, match="not ready after 0 seconds"):
        process.wait_until(lambda: False, 0.2)


def test_a_short_command_that_fails_shows_its_output(run: RunDirectory) -> None:
    with pytest.raises(PlatformFailure, match=r"exit code 7(.|\n)*half done"):
        run_to_end("migration", run, python(run, "print('half done'); raise SystemExit(7)"), 30)


def test_one_that_reports_gives_way_to_the_others(run: RunDirectory, process: BackgroundProcess) -> None:
    process.start(python(run, "import time; time.sleep(600)"))
    process.give_way(10)
    found = process.find()
    assert found is not None
    assert found.nice() == 10
    autogroup = Path(f"/proc/{found.pid}/autogroup")
    assert not autogroup.exists() or autogroup.read_text().split()[-1] == "10"
