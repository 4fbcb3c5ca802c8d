"""Calls the platform's HTTP API, as a channel or an operator of one entity would."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from types import TracebackType
from typing import Any, Final, Literal, Self

import httpx

from loyalty_shared.kernel.ids import new_id
from nanzhu_local.endpoints import Endpoints

Role = Literal["channel", "channel2", "maker", "checker", "admin", "auditor"]

TIMEOUT_SECONDS: Final = 30.0
TRIES_MAX: Final = 20
RETRY_PAUSE_SECONDS: Final = 0.25
CONNECTIONS_MAX: Final = 16


@dataclass  # neither frozen nor slotted: Python writes tracebacks and causes into an exception
class Refused(Exception):
    """The platform refused a call: `code` is the problem's stable code, `call` names what was asked."""

    call: str
    status: int
    code: str
    reasons: tuple[str, ...]

    def __str__(self) -> str:
        """Say what was refused and why."""
        return f"{self.call} was refused with {self.status} {self.code} {'; '.join(self.reasons)}".rstrip()


class PlatformClient:
    """One entity's view of the services. Every write carries an Idempotency-Key; what is worth trying again is tried again with the same one."""

    def __init__(self, endpoints: Endpoints, legal_entity: str) -> None:
        self.legal_entity = legal_entity
        self._services = endpoints.services
        self._tokens = endpoints.credentials[legal_entity]
        self._http = httpx.AsyncClient(timeout=TIMEOUT_SECONDS, limits=httpx.Limits(max_connections=CONNECTIONS_MAX), trust_env=False)

    async def __aenter__(self) -> Self:
        """Give the client itself; leaving closes its connections."""
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._http.aclose()

    async def get(self, service: str, path: str, params: Mapping[str, str | int] | None = None, *, role: Role = "auditor") -> Any:
        """Return the answer of `GET /v1/entities/{entity}/{path}`. Raises Refused."""
        return await self._call("GET", service, f"/v1/entities/{self.legal_entity}/{path}", role, params=params)

    async def post(self, service: str, path: str, body: object, *, role: Role, key: str | None = None) -> Any:
        """Return the answer of `POST /v1/entities/{entity}/{path}`, under `key` or a new Idempotency-Key. Raises Refused."""
        headers = {"Idempotency-Key": key or new_id()}
        return await self._call("POST", service, f"/v1/entities/{self.legal_entity}/{path}", role, json=body, headers=headers)

    async def consumers(self, service: str) -> list[dict[str, Any]]:
        """Return how far the service has read each topic partition."""
        items: list[dict[str, Any]] = (await self._call("GET", service, "/v1/consumers", "auditor"))["items"]
        return items

    async def _call(self, method: str, service: str, path: str, role: Role, *, headers: dict[str, str] | None = None, **request: Any) -> Any:
        url = self._services[service].http + path
        authorised = {"Authorization": f"Bearer {self._tokens[role]}", **(headers or {})}
        for attempt in range(1, TRIES_MAX + 1):
            answer = await self._http.request(method, url, headers=authorised, **request)
            if answer.is_success:
                return answer.json()
            problem = problem_of(answer)
            if not problem.get("retryable") or attempt == TRIES_MAX:
                break
            await asyncio.sleep(RETRY_PAUSE_SECONDS)
        reasons = tuple(f"{reason.get('path', '')} {reason.get('fault', '')}".strip() for reason in problem.get("reasons", []))
        raise Refused(f"{method} {url}", answer.status_code, problem.get("code", "no-problem-document"), reasons)


def problem_of(answer: httpx.Response) -> dict[str, Any]:
    """Return the problem document of a refusal, empty when it has none."""
    if not answer.headers.get("content-type", "").startswith("application/problem+json"):
        return {"retryable": answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE, "reasons": [{"fault": answer.text[:200]}]}
    problem: dict[str, Any] = answer.json()
    return problem
