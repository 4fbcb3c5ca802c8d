"""The one way in which a test waits: for something to become true, never for time to pass."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

FIRST_PAUSE_SECONDS = 0.01
PAUSE_SECONDS_MAX = 0.5


def eventually(attempt: Callable[[], T], timeout_seconds: float = 30.0) -> T:
    """Return what `attempt` returns once it neither raises an Exception nor returns something false (None counts as true: assertions return it).

    After `timeout_seconds` the last exception is raised, or an AssertionError that shows the last result.
    """
    deadline = time.monotonic() + timeout_seconds
    pause = FIRST_PAUSE_SECONDS
    while True:
        try:
            result = attempt()
            if result or result is None:
                return result
        except Exception:
            if time.monotonic() > deadline:
                raise
        else:
            assert time.monotonic() <= deadline, f"still {result!r} after {timeout_seconds} seconds"
        time.sleep(pause)
        pause = min(pause * 1.5, PAUSE_SECONDS_MAX)
