"""One background process of the platform: started in a session of its own, found again by pid file, stopped for sure."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from nanzhu_local.failures import PlatformFailure
from nanzhu_local.run_directory import RunDirectory, read_json, write_json

POLL_SECONDS = 0.1
LOG_LINES_SHOWN = 25
KILL_SECONDS_MAX = 20.0
# A clock that is set shifts the creation time that the system reports by as much; a pid is not used again within this time.
CREATED_SECONDS_TOLERANCE = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What to execute, as whom (None: as ourselves), where, and in which environment."""

    arguments: Sequence[str]
    environment: Mapping[str, str]
    directory: Path
    user: str | None = None


@dataclass(slots=True)
class BackgroundProcess:
    """A process that outlives the command that started it."""

    name: str
    run: RunDirectory
    _child: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def find(self) -> psutil.Process | None:
        """Return the running process, None when it is dead or its pid now belongs to somebody else."""
        if self._child is not None:
            self._child.poll()  # reaps it, when it was ours
        kept = read_json(self.run.pid(self.name))
        if kept is None:
            return None
        try:
            process = psutil.Process(kept["pid"])
            alive = process.status() != psutil.STATUS_ZOMBIE
            same = abs(process.create_time() - kept["created"]) < CREATED_SECONDS_TOLERANCE
        except psutil.Error:
            return None
        return process if alive and same else None

    def start(self, command: Command) -> None:
        """Start it, with its output appended to its log."""
        with self.run.log(self.name).open("ab") as log:
            self._child = launch(command, log.fileno())
        try:
            write_json(self.run.pid(self.name), {"pid": self._child.pid, "created": psutil.Process(self._child.pid).create_time()})
        except BaseException:  # interrupted or the disk is full: without its pid file nobody would ever find it
            self._child.kill()
            raise

    def give_way(self, niceness: int) -> None:
        """Let it have the processors after others, 0: no different, to 19. Called when it has just been started, before it has threads."""
        if niceness and self._child is not None:
            with contextlib.suppress(psutil.NoSuchProcess):
                psutil.Process(self._child.pid).nice(niceness)
            with contextlib.suppress(OSError):  # Linux may share processors out by session first, and each process here has its own
                Path(f"/proc/{self._child.pid}/autogroup").write_text(str(niceness))

    def wait_until(self, is_ready: Callable[[], bool], timeout_seconds: float) -> None:
        """Return when ready; raise PlatformFailure with the end of the log when it dies or takes too long."""
        deadline = time.monotonic() + timeout_seconds
        while not is_ready():
            if self.find() is None:
                raise self.failure("ended while starting")
            if time.monotonic() > deadline:
                raise self.failure(f"was not ready after {timeout_seconds:.0f} seconds")
            time.sleep(POLL_SECONDS)

    def stop(self, ask: signal.Signals, timeout_seconds: float) -> None:
        """Ask it to end, wait, and kill it with all its children when it does not. Does nothing when it is dead."""
        process = self.find()
        if process is not None:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(ask)
            try:
                process.wait(timeout_seconds)
            except psutil.TimeoutExpired:
                self.kill()
        self._forget()

    def kill(self) -> None:
        """End it and its children at once, as a power cut would (`kill -9`), and wait until they are gone."""
        process = self.find()
        if process is None:
            return
        family = [process]
        with contextlib.suppress(psutil.NoSuchProcess):
            family += process.children(recursive=True)
        for member in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                member.kill()
        _, alive = psutil.wait_procs(family, KILL_SECONDS_MAX)
        if alive:
            raise PlatformFailure(f"{self.name} (process {alive[0].pid}) does not die", "look for a hanging disk, then kill it by hand")
        self._forget()

    def failure(self, what: str) -> PlatformFailure:
        """Say that it failed, with the end of its log."""
        log = self.run.log(self.name)
        end = "\n".join(f"  | {line}" for line in last_lines(log))
        return PlatformFailure(f"{self.name} {what}; the end of its log:\n{end}", f"the whole log is {log}; `nanzhu status` shows what runs")

    def _forget(self) -> None:
        if self._child is not None:
            self._child.wait()
            self._child = None
        self.run.pid(self.name).unlink(missing_ok=True)


def launch(command: Command, output: int) -> subprocess.Popen[bytes]:
    """Start a command in a session of its own, so that a ctrl-C in the terminal does not reach it."""
    return subprocess.Popen(
        list(command.arguments),
        env=dict(command.environment),
        cwd=command.directory,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        user=command.user,
        group=group_of(command.user),
        extra_groups=None if command.user is None else [],
    )


def group_of(user: str | None) -> int | None:
    """Return the user's own group id."""
    if user is None:
        return None
    import pwd

    return pwd.getpwnam(user).pw_gid


def run_to_end(name: str, run: RunDirectory, command: Command, timeout_seconds: float) -> None:
    """Run a short command, its output appended to the log of `name`; raise PlatformFailure unless it succeeds."""
    with run.log(name).open("ab") as log:
        child = launch(command, log.fileno())
    try:
        status = child.wait(timeout_seconds)
    except subprocess.TimeoutExpired:
        raise BackgroundProcess(name, run).failure(f"`{' '.join(command.arguments[:3])}` took more than {timeout_seconds:.0f} seconds") from None
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()
    if status != 0:
        raise BackgroundProcess(name, run).failure(f"`{' '.join(command.arguments[:3])}` failed with exit code {status}")


def last_lines(log: Path) -> list[str]:
    """Return the last lines of a log, none when there is no log."""
    try:
        with log.open(errors="replace") as handle:
            return [line.rstrip("\n") for line in deque(handle, maxlen=LOG_LINES_SHOWN)]
    except FileNotFoundError:
        return []
