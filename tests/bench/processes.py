"""How much processor time each part of the platform has used."""

import contextlib
from collections.abc import Mapping

import psutil

from nanzhu_local.platform import LocalPlatform


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
