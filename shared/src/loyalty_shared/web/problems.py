"""Problems: what a caller is told when a call is not done. RFC 9457 `application/problem+json`, with our `code`, `retryable` and `reasons[]`.

Use cases know refusals, never statuses; each service's `entrypoints/http.py` holds the one table from refusal to Problem.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import msgspec
from starlette.responses import Response

MEDIA_TYPE: Final = "application/problem+json"
RETRY_AFTER_SECONDS: Final = 1


@dataclass(frozen=True, slots=True)
class Problem:
    """One kind of problem. `code` is stable and kebab-case; `retryable`: the same call may succeed later, unchanged."""

    code: str
    status: HTTPStatus
    title: str
    retryable: bool = False


@dataclass(frozen=True, slots=True)
class Reason:
    """One fault in a call: where it is (`path`, e.g. `body.points`), what is wrong, and what to do about it."""

    path: str
    fault: str
    remedy: str


class ProblemError(Exception):
    """A problem found at the edge, before any use case ran. Inside, refusals are values."""

    def __init__(self, problem: Problem, reasons: Sequence[Reason] = (), headers: Mapping[str, str] | None = None) -> None:
        super().__init__(problem.code)
        self.problem = problem
        self.reasons = tuple(reasons)
        self.headers = headers


MALFORMED_JSON: Final = Problem("malformed-json", HTTPStatus.BAD_REQUEST, "The body is not JSON")
INVALID_REQUEST: Final = Problem("invalid-request", HTTPStatus.UNPROCESSABLE_ENTITY, "The request is not valid")
KEY_MISSING: Final = Problem("idempotency-key-missing", HTTPStatus.BAD_REQUEST, "A write needs an Idempotency-Key")
KEY_REUSED: Final = Problem("idempotency-key-reused", HTTPStatus.UNPROCESSABLE_ENTITY, "The Idempotency-Key was used for another request")
KEY_IN_PROGRESS: Final = Problem("key-in-progress", HTTPStatus.CONFLICT, "A request with this Idempotency-Key is still running", retryable=True)
UNAUTHENTICATED: Final = Problem("unauthenticated", HTTPStatus.UNAUTHORIZED, "The call needs a valid credential")
NOT_YOUR_ENTITY: Final = Problem("not-your-entity", HTTPStatus.FORBIDDEN, "The credential is not bound to this entity")
FUNCTION_NOT_GRANTED: Final = Problem("function-not-granted", HTTPStatus.FORBIDDEN, "The credential has not the function that this call needs")
BEYOND_YOUR_SCOPE: Final = Problem("beyond-your-scope", HTTPStatus.FORBIDDEN, "It is not of an institution whose data the caller may see")
NOT_FOUND: Final = Problem("not-found", HTTPStatus.NOT_FOUND, "There is nothing at this address")
ENTITY_UNKNOWN: Final = Problem("entity-unknown", HTTPStatus.NOT_FOUND, "This installation has no such legal entity")
METHOD_NOT_ALLOWED: Final = Problem("method-not-allowed", HTTPStatus.METHOD_NOT_ALLOWED, "This address does not take that method")
TOO_MANY_REQUESTS: Final = Problem("too-many-requests", HTTPStatus.TOO_MANY_REQUESTS, "More calls are under way than this process takes", retryable=True)
TOO_LARGE: Final = Problem("body-too-large", HTTPStatus.BAD_REQUEST, "The body is larger than this service takes")
INTERNAL_ERROR: Final = Problem(
    "internal-error", HTTPStatus.INTERNAL_SERVER_ERROR, "The service failed; the request id names the failure in its log", retryable=True
)
UNAVAILABLE: Final = Problem("temporarily-unavailable", HTTPStatus.SERVICE_UNAVAILABLE, "The database is away or busy; nothing was done", retryable=True)

#: The refusals that every service's answers may hold, beside its own table.
SHARED_REFUSALS: Final[Mapping[str, Problem]] = {problem.code: problem for problem in (KEY_REUSED, KEY_IN_PROGRESS, ENTITY_UNKNOWN, NOT_FOUND)}


def problem_response(problem: Problem, reasons: Sequence[Reason] | Sequence[Mapping[str, Any]] = (), headers: Mapping[str, str] | None = None) -> Response:
    """Return the response that tells a caller of a problem; adds `Retry-After` (seconds) where waiting helps."""
    body = {
        "type": f"urn:nanzhu:problem:{problem.code}",
        "title": problem.title,
        "status": int(problem.status),
        "code": problem.code,
        "retryable": problem.retryable,
        "reasons": list(reasons),
    }
    extra = dict(headers or {})
    if problem.status in (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS):
        extra.setdefault("Retry-After", str(RETRY_AFTER_SECONDS))
    return Response(msgspec.json.encode(body), status_code=problem.status, headers=extra, media_type=MEDIA_TYPE)
