"""The limit of calls under way: what is beyond it is told to wait, health checks are not."""

from __future__ import annotations

import asyncio

from starlette.types import Message, Receive, Scope, Send

from loyalty_shared.observability.metrics import Metrics, http_metrics
from loyalty_shared.web.request_context import IN_FLIGHT_MAX, RequestContext


async def status_of(app: RequestContext, path: str) -> int:
    started: list[int] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            started.append(message["status"])

    await app({"type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b"", "headers": []}, receive, send)
    return started[0]


async def fill_and_overfill() -> tuple[int, int, set[int], int]:
    go_on, reached = asyncio.Event(), 0

    async def slow(_scope: Scope, _receive: Receive, send: Send) -> None:
        nonlocal reached
        reached += 1
        if reached <= IN_FLIGHT_MAX:
            await go_on.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    declared = http_metrics("test")
    app = RequestContext(slow, metrics=Metrics(declared.all()), declared=declared)
    filling = [asyncio.create_task(status_of(app, "/v1/entities/001/x")) for _ in range(IN_FLIGHT_MAX)]
    while reached < IN_FLIGHT_MAX:
        await asyncio.sleep(0)
    beyond, health = await status_of(app, "/v1/entities/001/x"), await status_of(app, "/health/live")
    go_on.set()
    return beyond, health, set(await asyncio.gather(*filling)), await status_of(app, "/v1/entities/001/x")


def test_calls_beyond_the_limit_are_told_to_wait() -> None:
    assert asyncio.run(fill_and_overfill()) == (429, 200, {200}, 200)
