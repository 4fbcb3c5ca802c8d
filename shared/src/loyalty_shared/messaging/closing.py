"""Leaving Kafka: in time, and whatever state its client is in."""

import asyncio
from typing import Any, Final

import structlog

CLOSE_SECONDS_MAX: Final = 5.0

log = structlog.get_logger()


async def close(client: Any) -> None:
    """Stop an aiokafka consumer or producer. Nothing rests on how it goes: places and windows are in the database.

    In a task of its own, because aiokafka's stop raises the CancelledError of tasks that it cancelled itself, which would pass for ours.
    """
    stopping = asyncio.ensure_future(client.stop())
    await asyncio.wait({stopping}, timeout=CLOSE_SECONDS_MAX)
    if not stopping.done():
        stopping.cancel()
    elif not stopping.cancelled() and stopping.exception() is None:
        return
    log.warning("a Kafka client did not stop in good order", client=type(client).__name__)
