"""The services' HTTP APIs, the console's own among them, called as the operator who looks."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx
from starlette.types import ASGIApp

from loyalty_shared.observability.tracing import current_traceparent

TIMEOUT_SECONDS: Final = 5.0
CONNECTIONS_MAX: Final = 64
#: A session is announced over the bus: a service knows it a moment after the operator signed in. So long is it asked again.
NEW_SESSION_WAIT_SECONDS: Final = 4.0
NEW_SESSION_PAUSE_SECONDS: Final = 0.25
CONSOLE: Final = "console"
#: Stands for a browser whose connection shows no address.
NO_CLIENT: Final = ("unknown", 0)


@dataclass(frozen=True, slots=True)
class Done:
    """The call was answered as asked: success, or what is no problem (health answers 503 with its checks). `body` is its JSON; text where it is none."""

    status: int
    body: Any


@dataclass(frozen=True, slots=True)
class Refused:
    """The service said no, and why: its problem's `code`, title and reasons (`path`, `fault`, `remedy`)."""

    service: str
    status: int
    code: str
    title: str
    reasons: tuple[Mapping[str, str], ...]


@dataclass(frozen=True, slots=True)
class Away:
    """The service did not answer: it is stopped, unreachable or too slow."""

    service: str


Result = Done | Refused | Away


class ServiceCalls:
    """One pool of connections to the services by name, each with its base URL. The console itself is called in the process, by the same routes."""

    def __init__(self, urls: Mapping[str, str]) -> None:
        self._urls = {name: url.rstrip("/") for name, url in urls.items() if name != CONSOLE}
        self._remote = httpx.AsyncClient(timeout=TIMEOUT_SECONDS, limits=httpx.Limits(max_connections=CONNECTIONS_MAX), trust_env=False)

    @property
    def services(self) -> tuple[str, ...]:
        """Return every service's name, the console first."""
        return (CONSOLE, *self._urls)

    def as_operator(self, app: ASGIApp, token: str | None, client: tuple[str, int] | None) -> "OperatorCalls":
        """Return the calls of one request: to the console by `app`, with the operator's `token` (None: nobody is signed in), from the browser at `client`."""
        own = httpx.AsyncClient(transport=httpx.ASGITransport(app, client=client or NO_CLIENT), base_url=f"http://{CONSOLE}", trust_env=False)
        return OperatorCalls(self._urls, self._remote, own, token)


class OperatorCalls:
    """Calls with one operator's token. A method returns what came of it; it raises nothing."""

    def __init__(self, urls: Mapping[str, str], remote: httpx.AsyncClient, own: httpx.AsyncClient, token: str | None) -> None:
        self._urls = urls
        self._remote = remote
        self._own = own
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    async def get(self, service: str, path: str, params: Mapping[str, Any] | None = None, *, wait_for_session: bool = True) -> Result:
        """Return the answer of a GET. `wait_for_session`: a service that has not heard of the session yet is asked again for a few seconds."""
        return await self._call(service, "GET", path, wait_for_session=wait_for_session, params={k: v for k, v in (params or {}).items() if v is not None})

    async def post(self, service: str, path: str, key: str, body: object = None) -> Result:
        """Return the answer of a POST under the Idempotency-Key."""
        return await self._call(service, "POST", path, wait_for_session=True, json=body, headers={"Idempotency-Key": key})

    async def put(self, service: str, path: str, key: str, body: object) -> Result:
        """Return the answer of a PUT under the Idempotency-Key."""
        return await self._call(service, "PUT", path, wait_for_session=True, json=body, headers={"Idempotency-Key": key})

    async def delete(self, service: str, path: str, key: str) -> Result:
        """Return the answer of a DELETE under the Idempotency-Key."""
        return await self._call(service, "DELETE", path, wait_for_session=True, headers={"Idempotency-Key": key})

    async def _call(self, service: str, method: str, path: str, *, wait_for_session: bool, headers: Mapping[str, str] | None = None, **request: Any) -> Result:
        url = self._urls.get(service)
        if url is None and service != CONSOLE:
            return Away(service)
        client = self._own if url is None else self._remote
        sent = {**self._headers, **(headers or {}), "traceparent": current_traceparent() or ""}
        for _ in range(int(NEW_SESSION_WAIT_SECONDS / NEW_SESSION_PAUSE_SECONDS)):
            try:
                answer = await client.request(method, f"{url or ''}{path}", headers=sent, **request)
            except httpx.TransportError:
                return Away(service)
            if answer.status_code != httpx.codes.UNAUTHORIZED or not wait_for_session or url is None:
                break
            await asyncio.sleep(NEW_SESSION_PAUSE_SECONDS)
        return _result_of(service, answer)


def _result_of(service: str, answer: httpx.Response) -> Result:
    is_json = "json" in answer.headers.get("content-type", "")
    if answer.is_success and not is_json:
        return Done(answer.status_code, answer.text)
    try:
        body = answer.json()
        if answer.is_success or "code" not in body:
            return Done(answer.status_code, body)
        return Refused(service, answer.status_code, body["code"], body["title"], tuple(body["reasons"]))
    except (ValueError, KeyError, TypeError):  # what stands between us answered, not the service
        return Away(service)
