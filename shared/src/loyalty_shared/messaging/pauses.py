"""Waiting before another try: longer each time, and no longer than until the process is told to stop."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

PAUSE_FIRST_SECONDS: Final = 0.1
PAUSE_SECONDS_MAX: Final = 5.0

Answer = TypeVar("Answer")


class Stopping(Exception):
    """What was waited for no longer matters: the process is told to stop."""


class Pauses:
    """A row of growing pauses; `reset` after a success."""

    def __init__(self, stopping: asyncio.Event) -> None:
        self._stopping = stopping
        self._seconds = PAUSE_FIRST_SECONDS

    def reset(self) -> None:
        """Begin with the shortest pause again."""
        self._seconds = PAUSE_FIRST_SECONDS

    async def pause(self) -> None:
        """Wait for the next pause's length, or until stopping."""
        await wait_for_stop(self._stopping, self._seconds)
        self._seconds = min(self._seconds * 2, PAUSE_SECONDS_MAX)


async def wait_for_stop(stopping: asyncio.Event, seconds: float) -> bool:
    """Wait until stopping, at most so long, and tell whether it is."""
    try:
        await asyncio.wait_for(stopping.wait(), seconds)
    except TimeoutError:
        return False
    return True


async def unless_stopping(stopping: asyncio.Event, waited_for: Coroutine[Any, Any, Answer]) -> Answer:
    """Return what is waited for. Raises Stopping, and gives it up, when the process is told to stop first."""
    task, stop = asyncio.ensure_future(waited_for), asyncio.ensure_future(stopping.wait())
    try:
        await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise Stopping
        return task.result()
    finally:
        task.cancel()
        stop.cancel()
