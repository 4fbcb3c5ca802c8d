"""Ports: chosen free once, kept for as long as the run directory lives, so that addresses survive a restart."""

from __future__ import annotations

import random
import socket

import psutil

from nanzhu_local.failures import PlatformFailure
from nanzhu_local.run_directory import RunDirectory, read_json, write_json

# Below the ranges that Linux and macOS give to outgoing connections: a port of a stopped process must not be borrowed by some client meanwhile.
CHOICES = range(20_000, 32_000)
TRIES_MAX = 200


class Ports:
    """The ports of one run directory, by name."""

    def __init__(self, run: RunDirectory) -> None:
        self._run = run
        self._kept: dict[str, int] = read_json(run.ports) or {}

    def port_of(self, name: str) -> int:
        """Return the kept port of that name, choosing and keeping a free one the first time."""
        if name not in self._kept:
            self._kept[name] = self._choose()
            write_json(self._run.ports, self._kept)
        return self._kept[name]

    def require_free(self, name: str) -> None:
        """Raise PlatformFailure when something else listens on the kept port of that name."""
        port = self.port_of(name)
        if not is_free(port):
            raise PlatformFailure(
                f"port {port}, kept for {name}, is taken by {holder_of(port)}",
                f"stop that process, or delete {self._run.ports}: the next start chooses other ports, and the data stay",
            )

    def _choose(self) -> int:
        for _ in range(TRIES_MAX):
            port = random.choice(CHOICES)
            if port not in self._kept.values() and is_free(port):
                return port
        raise PlatformFailure(f"no free port found between {CHOICES.start} and {CHOICES.stop}", "stop some of the servers on this machine")


def is_free(port: int) -> bool:
    """Tell whether a server could listen on the port of the loopback address now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # Connections of an earlier server that are still closing do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def holder_of(port: int) -> str:
    """Describe the process that listens on the port, as far as this user may know."""
    try:
        for connection in psutil.net_connections(kind="tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port and connection.pid:
                return f"process {connection.pid} ({psutil.Process(connection.pid).name()})"
    except psutil.Error:
        pass
    return "another process"
