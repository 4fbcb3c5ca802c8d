"""From a use case's answer to a response."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import msgspec
from starlette.responses import Response

from loyalty_shared.web.idempotency import Answer
from loyalty_shared.web.problems import SHARED_REFUSALS, Problem, problem_response

#: Set on a response that gives an earlier call's answer again.
REPLAYED_HEADER: Final = "Idempotency-Replayed"


def respond(answer: Answer, refusals: Mapping[str, Problem], status: HTTPStatus = HTTPStatus.OK) -> Response:
    """Return the response for a write's answer: `status` when it was done, else the problem that the service's table gives for the refusal."""
    headers = {REPLAYED_HEADER: "true"} if answer.replayed else {}
    if answer.refusal is None:
        return json_response(answer.body, status, headers)
    problem = SHARED_REFUSALS.get(answer.refusal) or refusals[answer.refusal]
    return problem_response(problem, answer.body.get("reasons", []), headers)


def json_response(body: Any, status: HTTPStatus = HTTPStatus.OK, headers: Mapping[str, str] | None = None) -> Response:
    """Return a JSON response; dates, instants and Structs are written as the contracts say."""
    return Response(msgspec.json.encode(body), status_code=status, headers=dict(headers or {}), media_type="application/json")
