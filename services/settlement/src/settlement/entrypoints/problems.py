"""The one table from refusal to problem."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from loyalty_shared.web.documents import ProblemDocument
from loyalty_shared.web.problems import FUNCTION_NOT_GRANTED, MEDIA_TYPE, Problem
from settlement.application.refused import REASONS
from settlement.domain.refusals import Refusal

_CONFLICT: Final = HTTPStatus.CONFLICT

PROBLEMS: Final[Mapping[str, Problem]] = {
    Refusal.DAY_NOT_COMPLETE: Problem("day-not-complete", _CONFLICT, "The business date is not complete", retryable=True),
    Refusal.DATE_NOT_REACHED: Problem("date-not-reached", HTTPStatus.UNPROCESSABLE_ENTITY, "The business date is in the future"),
    Refusal.PARTY_UNKNOWN: Problem("party-unknown", HTTPStatus.NOT_FOUND, "The party is not known"),
    Refusal.BATCH_ALREADY_MADE: Problem("batch-already-made", _CONFLICT, "The party's batch of that date was made already"),
    Refusal.BATCH_UNKNOWN: Problem("batch-unknown", HTTPStatus.NOT_FOUND, "The settlement batch is not known"),
    Refusal.MAKER_CANNOT_APPROVE: Problem("maker-cannot-approve", HTTPStatus.FORBIDDEN, "Who made a batch cannot review or release it"),
    Refusal.FUNCTION_NOT_GRANTED: FUNCTION_NOT_GRANTED,
    Refusal.BATCH_ALREADY_REVIEWED: Problem("batch-already-reviewed", _CONFLICT, "The batch was reviewed already"),
    Refusal.BATCH_NOT_REVIEWED: Problem("batch-not-reviewed", _CONFLICT, "Only a reviewed batch can be released"),
    Refusal.BATCH_ALREADY_RELEASED: Problem("batch-already-released", _CONFLICT, "The batch was released already"),
}


def documented(*refusals: Refusal) -> dict[int | str, dict[str, Any]]:
    """Return how OpenAPI shows these refusals: by status, each with an example."""
    responses: dict[int | str, dict[str, Any]] = {}
    for refusal in refusals:
        problem = PROBLEMS[refusal]
        response = responses.setdefault(int(problem.status), {"model": ProblemDocument, "description": "", "content": {MEDIA_TYPE: {"examples": {}}}})
        path, fault, remedy = REASONS[refusal]
        response["content"][MEDIA_TYPE]["examples"][problem.code] = {
            "value": {
                "type": f"urn:nanzhu:problem:{problem.code}",
                "title": problem.title,
                "status": int(problem.status),
                "code": problem.code,
                "retryable": problem.retryable,
                "reasons": [{"path": path, "fault": fault, "remedy": remedy}],
            }
        }
        response["description"] = ", ".join(response["content"][MEDIA_TYPE]["examples"])
    return responses
