"""Waiting before another try: longer each time, and no longer than until the process is told to stop."""

import asyncio
from typing import Final

PAUSE_FIRST_SECONDS: Final = 0.1
PAUSE_SECONDS_MAX: Final = 5.0


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
