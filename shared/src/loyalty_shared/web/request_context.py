"""What surrounds every call: its id, its trace, the limit of calls under way, its metrics and its one log line."""

from http import HTTPStatus
from typing import Final

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from loyalty_shared.kernel.clock import monotonic_seconds
from loyalty_shared.kernel.ids import new_id
from loyalty_shared.observability.logs import logger
from loyalty_shared.observability.metrics import HttpMetrics, Metrics
from loyalty_shared.observability.tracing import enter, follow, trace_id_of
from loyalty_shared.web import problems
from loyalty_shared.web.errors import response_to_failure
from loyalty_shared.web.problems import Reason, problem_response

REQUEST_ID_HEADER: Final = "X-Request-Id"
REQUEST_ID_LENGTH_MAX: Final = 128
IN_FLIGHT_MAX: Final = 512
BODY_BYTES_MAX: Final = 1024 * 1024

_log = logger("request")


class RequestContext:
    """ASGI middleware; pure ASGI, because Starlette's own base class costs a task per call."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics, declared: HttpMetrics) -> None:
        self._app = app
        self._requests = metrics.counter(declared.requests)
        self._latency = metrics.histogram(declared.latency)
        self._in_flight = metrics.gauge(declared.in_flight)
        self._under_way = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        request_id = _request_id(headers)
        traceparent = follow(headers.get("traceparent"))
        enter(traceparent)
        structlog.contextvars.bind_contextvars(request_id=request_id, trace_id=trace_id_of(traceparent))
        began = monotonic_seconds()
        status = HTTPStatus.INTERNAL_SERVER_ERROR

        async def send_marked(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = HTTPStatus(message["status"])
                MutableHeaders(scope=message)[REQUEST_ID_HEADER] = request_id
            await send(message)

        self._under_way += 1
        self._in_flight.set(self._under_way)
        try:
            await self._answer(scope, headers, receive, send_marked)
        finally:
            self._under_way -= 1
            self._in_flight.set(self._under_way)
            self._record(scope, status, monotonic_seconds() - began)

    async def _answer(self, scope: Scope, headers: Headers, receive: Receive, send: Send) -> None:
        refusal = self._refusal(scope, headers)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        begun = False
        taken = 0

        async def receive_counted() -> Message:  # a chunked body states no length
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > BODY_BYTES_MAX:
                raise HTTPException(HTTPStatus.BAD_REQUEST, f"The body is larger than {BODY_BYTES_MAX} bytes")
            return message

        async def send_noting(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive_counted, send_noting)
        except Exception as error:
            response = response_to_failure(error)
            if begun:
                raise
            await response(scope, receive, send)

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        if b"%00" in scope.get("raw_path", b"") or b"%00" in scope["query_string"]:  # PostgreSQL's text has no NUL
            return problem_response(problems.INVALID_REQUEST, [Reason("path", "holds a NUL character", "Leave it out.")])
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > BODY_BYTES_MAX:
            return problem_response(problems.TOO_LARGE, [Reason("body", f"larger than {BODY_BYTES_MAX} bytes", "Send it in parts.")])
        if self._under_way > IN_FLIGHT_MAX and scope["path"].startswith("/v1/"):
            return problem_response(
                problems.TOO_MANY_REQUESTS, [Reason("request", f"{IN_FLIGHT_MAX} calls are under way", "Try again after Retry-After seconds.")]
            )
        return None

    def _record(self, scope: Scope, status: HTTPStatus, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "unmatched")
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._requests.labels(route, method, str(int(status))).inc()
        self._latency.labels(route, method).observe(seconds)
        if route.startswith("/v1/"):
            entity = scope.get("path_params", {}).get("legal_entity")
            credential = scope.get("state", {}).get("credential")
            _log.info("request", method=method, route=route, status=int(status), ms=round(seconds * 1000, 1), legal_entity=entity, credential=credential)


_METHODS: Final = frozenset(("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"))


def _request_id(headers: Headers) -> str:
    """Return the caller's own request id where it is one that may stand in a log, else a new one."""
    given = headers.get(REQUEST_ID_HEADER, "")
    return given if 0 < len(given) <= REQUEST_ID_LENGTH_MAX and given.isascii() and given.isprintable() else new_id()
