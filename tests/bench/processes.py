"""How much processor time each part of the platform has used."""

import contextlib
import time
from collections.abc import Mapping, Sequence
from typing import Final

import psutil

from nanzhu_local.platform import LocalPlatform

POLL_SECONDS: Final = 0.01


def processor_seconds(platform: LocalPlatform) -> Mapping[str, float]:
    """Return the processor seconds of each part since it was started, its children (finished ones included) with it."""
    used = {}
    for part in platform.status():
        if part.pid is None:
            continue
        with contextlib.suppress(psutil.NoSuchProcess):
            root = psutil.Process(part.pid)
            used[part.name] = sum(map(_seconds, [root, *root.children(recursive=True)]))
    return used


def _seconds(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system + times.children_user + times.children_system)


def started_at(platform: LocalPlatform, names: Sequence[str]) -> float:
    """Wait until the named processes exist, and return the instant of time.monotonic() at which the first of them was started."""
    while len(pids := [part.pid for part in platform.status() if part.name in names and part.pid is not None]) < len(names):
        time.sleep(POLL_SECONDS)
    return time.monotonic() - (time.time() - min(psutil.Process(pid).create_time() for pid in pids))  # noqa: TID251 -- what psutil tells is this clock's
