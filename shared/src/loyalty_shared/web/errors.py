"""Every way in which a call can fail, told as a problem: nothing leaves a service as a bare string or a stack trace."""

from http import HTTPStatus
from typing import Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from loyalty_shared.observability.logs import logger
from loyalty_shared.persistence.connections import is_transient
from loyalty_shared.persistence.entity_dates import UnknownEntity
from loyalty_shared.web import problems
from loyalty_shared.web.problems import Problem, ProblemError, Reason, problem_response

_log = logger(__name__)

_MALFORMED: Final = Problem("malformed-request", HTTPStatus.BAD_REQUEST, "The request is not well formed")
_BY_STATUS: Final = {
    problem.status: problem for problem in (_MALFORMED, problems.NOT_FOUND, problems.METHOD_NOT_ALLOWED, problems.TOO_MANY_REQUESTS, problems.UNAVAILABLE)
}
_REMEDIES: Final = {
    "missing": "Send it.",
    "extra_forbidden": "Leave it out, or correct its name.",
    "int_type": "Send a JSON integer, without quotes or a fraction.",
}


def add_error_handlers(app: FastAPI) -> None:
    """Make the app tell each failure that is raised inside a route as a problem."""
    app.add_exception_handler(ProblemError, _on_problem)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(UnknownEntity, _on_unknown_entity)


def response_to_failure(error: Exception) -> Response:
    """Return the response to what no handler knows: 503 when the database is away or busy, else 500 that tells nothing but the request id. Logs it."""
    if is_transient(error):
        _log.warning("database-unavailable", fault=type(error).__name__, detail=str(error).partition("\n")[0])
        return problem_response(problems.UNAVAILABLE)
    _log.error("internal-error", exc_info=error)
    return problem_response(problems.INTERNAL_ERROR)


async def _on_problem(_request: Request, error: Exception) -> Response:
    assert isinstance(error, ProblemError)
    return problem_response(error.problem, error.reasons, error.headers)


async def _on_invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    faults = error.errors()
    if any(fault["type"] == "json_invalid" for fault in faults):
        return problem_response(problems.MALFORMED_JSON, [Reason("body", "not JSON", "Send a JSON object with Content-Type: application/json.")])
    return problem_response(problems.INVALID_REQUEST, [_reason(fault["loc"], fault["type"], fault["msg"]) for fault in faults])


def _reason(location: tuple[str | int, ...], kind: str, message: str) -> Reason:
    return Reason(".".join(map(str, location)), message.removeprefix("Value error, "), _REMEDIES.get(kind, "Correct it; GET /docs shows what this call takes."))


async def _on_http(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    problem = _BY_STATUS.get(status) or Problem(status.phrase.lower().replace(" ", "-"), status, status.phrase)
    return problem_response(problem, [Reason("request", str(error.detail), "GET /docs shows the calls of this service.")], error.headers)


async def _on_unknown_entity(_request: Request, error: Exception) -> Response:
    assert isinstance(error, UnknownEntity)
    return problem_response(problems.ENTITY_UNKNOWN, [Reason("path.legal_entity", str(error), "Open it at the console first, or correct its code.")])
