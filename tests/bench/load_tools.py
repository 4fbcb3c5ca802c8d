"""Compiled load tools as children of the benchmark, with the processor time each of them took: wrk for HTTP, pgbench for SQL."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from nanzhu_local.postgres_install import account_for_postgres, installation_for

WRK: Final = "wrk"
PGBENCH_THREADS: Final = 2
#: Longer than the service waits for an account (its answer is a 503 then), so that what wrk counts as an error is one.
TIMEOUT_SECONDS: Final = 10
SCRIPT: Final = Path(__file__).with_name("spending.lua")


@dataclass(frozen=True, slots=True)
class Ended:
    """What a tool printed, and the processor seconds it used."""

    output: str
    processor_seconds: float


def has_wrk() -> bool:
    """Tell whether wrk is installed."""
    return shutil.which(WRK) is not None


def run_wrk(url: str, clients: int, seconds: int, arguments: Sequence[str]) -> tuple[Mapping[str, Any], float]:
    """Run spending.lua with one thread and one connection for each client; return what it counted and wrk's processor seconds."""
    ended = _run([WRK, f"-t{clients}", f"-c{clients}", f"-d{seconds}s", f"--timeout={TIMEOUT_SECONDS}s", "--latency", f"-s{SCRIPT}", url, *arguments])
    counted: Mapping[str, Any] = json.loads(ended.output.splitlines()[-1])
    return counted, ended.processor_seconds


def run_pgbench(database_url: str, script: Path, clients: int, seconds: int, variables: Mapping[str, int]) -> tuple[float, float]:
    """Run a script with the variables; return transactions a second and pgbench's processor seconds."""
    pgbench = installation_for(account_for_postgres()) / "bin" / "pgbench"
    given = [f"-D{name}={value}" for name, value in variables.items()]
    options = ["--no-vacuum", "--protocol=simple", f"--client={clients}", f"--jobs={PGBENCH_THREADS}", f"--time={seconds}", f"--file={script}"]
    ended = _run([str(pgbench), *options, *given, database_url])
    rate = re.search(r"^tps = ([\d.]+)", ended.output, re.MULTILINE)
    if rate is None or " 0 (0.000%)" not in ended.output:
        raise RuntimeError(f"pgbench did not do all of its transactions:\n{ended.output}")
    return float(rate[1]), ended.processor_seconds


def _run(command: Sequence[str]) -> Ended:
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        output = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command[0]} ended with {process.returncode}:\n{output}")
    return Ended(output, used.ru_utime + used.ru_stime)
