"""A gate between gift-order and redemption, at which calls can be held: before redemption hears them, or before its answer goes back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread

import httpx

HELD_SECONDS_MAX = 60.0


class Moment(StrEnum):
    """When a call is held, and what becomes of it when the gate opens again."""

    LOST = "lost"
    """Held before redemption hears it; it never does."""
    LATE = "late"
    """Held before redemption hears it; it arrives when whoever sent it has long given up."""
    UNANSWERED = "unanswered"
    """Held when redemption has done it; the answer never goes back."""


@dataclass
class Gate:
    """Forwards every call to redemption; holds the first of each (customer_no, step) that it was told to hold."""

    redemption: str
    holding: dict[tuple[str, str], Moment] = field(default_factory=dict)
    held: set[tuple[str, str]] = field(default_factory=set)
    url: str = ""
    _customers: dict[str, str] = field(default_factory=dict)
    _opened: Event = field(default_factory=Event)
    _lock: Lock = field(default_factory=Lock)
    _client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=30, trust_env=False))

    def hold(self, customer_no: str, step: str, moment: Moment) -> None:
        """Hold the next call of that step for an order of the customer."""
        self._opened.clear()
        self.holding[customer_no, step] = moment

    def open(self) -> None:
        """Let everything that is held go its way, and hold nothing more."""
        self.holding.clear()
        self.held.clear()
        self._opened.set()

    def pass_through(self, handler: BaseHTTPRequestHandler) -> None:
        """Take one call to redemption and its answer back, unless it is held."""
        body = handler.rfile.read(int(handler.headers.get("content-length", 0)))
        call = self._call_of(handler.headers.get("Idempotency-Key", ""), body)
        with self._lock:
            moment = self.holding.pop(call, None)
        if moment in (Moment.LOST, Moment.LATE):
            self._wait(call)
        if moment is Moment.LOST:
            handler.close_connection = True
            return
        try:
            answer = self._client.request(handler.command, self.redemption + handler.path, content=body, headers=_carried(handler))
        except httpx.HTTPError:
            handler.close_connection = True
            return
        if moment is Moment.UNANSWERED:
            self._wait(call)
        if moment is not None:
            handler.close_connection = True
            return
        handler.send_response(answer.status_code)
        handler.send_header("content-type", answer.headers.get("content-type", "application/json"))
        handler.send_header("content-length", str(len(answer.content)))
        handler.end_headers()
        handler.wfile.write(answer.content)

    def _call_of(self, key: str, body: bytes) -> tuple[str, str]:
        """Return whose order a call is for, and its step; the reservation, always first, tells the customer."""
        order_id, _, step = key.rpartition("-")
        if step == "reserve":
            self._customers[order_id] = json.loads(body)["customer_no"]
        return self._customers.get(order_id, ""), step

    def _wait(self, call: tuple[str, str]) -> None:
        self.held.add(call)
        self._opened.wait(HELD_SECONDS_MAX)


def _carried(handler: BaseHTTPRequestHandler) -> dict[str, str]:
    return {name: value for name, value in handler.headers.items() if name.lower() in ("authorization", "idempotency-key", "content-type", "traceparent")}


@contextmanager
def open_gate(redemption: str) -> Iterator[Gate]:
    """Run a gate in front of redemption; its address is `url`."""
    gate = Gate(redemption)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            gate.pass_through(self)

        def do_POST(self) -> None:
            gate.pass_through(self)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

        def handle(self) -> None:
            try:
                super().handle()
            except ConnectionError:
                """Whoever called was killed."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    gate.url = f"http://127.0.0.1:{server.server_address[1]}"
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield gate
    finally:
        gate.open()
        server.shutdown()
        server.server_close()
