"""What is left of a start that was interrupted: nothing."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from nanzhu_local.main import INTERRUPTED
from nanzhu_local.platform import LocalPlatform
from nanzhu_local.run_directory import RunDirectory, read_json
from support.eventually import eventually

START = """
import pathlib, sys
from rich.console import Console
from nanzhu_local.main import guarded
from nanzhu_local.platform import LocalPlatform
sys.exit(guarded(lambda: LocalPlatform(pathlib.Path(sys.argv[1])).up_infrastructure(), Console(stderr=True)))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_start_stops_what_it_started(tmp_path: Path, number: signal.Signals) -> None:
    run = RunDirectory(tmp_path / "run")
    environment = {name: value for name, value in os.environ.items() if name not in ("KAFKA_BOOTSTRAP_SERVERS", "DATABASE_URL")}
    starting = subprocess.Popen([sys.executable, "-c", START, str(run.path)], env=environment, stderr=subprocess.PIPE, text=True)
    try:
        eventually(run.pid("kafka").exists)
        broker = psutil.Process(read_json(run.pid("kafka"))["pid"])
        starting.send_signal(number)
        _, said = starting.communicate(timeout=60)
        assert starting.returncode == INTERRUPTED, said
        assert not broker.is_running()
        assert not list((run.path / "pids").iterdir())
    finally:
        starting.kill()
        starting.communicate()
        LocalPlatform(run.path).clean()
