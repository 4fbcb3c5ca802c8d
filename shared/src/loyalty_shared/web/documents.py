"""What the OpenAPI document says of every call: how problems look, and that a write needs its key."""

from collections.abc import Iterable
from typing import Any, Final

from fastapi import FastAPI
from pydantic import BaseModel

from loyalty_shared.web.problems import MEDIA_TYPE, Problem


class ReasonDocument(BaseModel):
    """One fault: where it is, what is wrong, what to do."""

    path: str
    fault: str
    remedy: str


class ProblemDocument(BaseModel):
    """RFC 9457 `application/problem+json`. `code` is stable; `retryable`: the same call may succeed later."""

    type: str
    title: str
    status: int
    code: str
    retryable: bool
    reasons: list[ReasonDocument]


#: For FastAPI's `responses`.
PROBLEM_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    "4XX": {"model": ProblemDocument, "description": "Refused; `code` says why"},
    "5XX": {"model": ProblemDocument, "description": "Failed; nothing was done"},
}


def documented_problems(problems: Iterable[tuple[Problem, tuple[str, str, str]]]) -> dict[int | str, dict[str, Any]]:
    """Return how OpenAPI shows these problems, each with the (path, fault, remedy) of its reason: by status, each with an example."""
    responses: dict[int | str, dict[str, Any]] = {}
    for problem, (path, fault, remedy) in problems:
        response = responses.setdefault(int(problem.status), {"model": ProblemDocument, "description": "", "content": {MEDIA_TYPE: {"examples": {}}}})
        example = {
            "type": f"urn:nanzhu:problem:{problem.code}",
            "title": problem.title,
            "status": int(problem.status),
            "code": problem.code,
            "retryable": problem.retryable,
            "reasons": [{"path": path, "fault": fault, "remedy": remedy}],
        }
        response["content"][MEDIA_TYPE]["examples"][problem.code] = {"value": example}
        response["description"] = ", ".join(response["content"][MEDIA_TYPE]["examples"])
    return responses


def document_as_sent(app: FastAPI) -> None:
    """Make the app's OpenAPI document say what FastAPI cannot know: the media type of problems, and that Idempotency-Key is required."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            for operation in (operation for path in generate()["paths"].values() for operation in path.values()):
                for status, response in operation["responses"].items():
                    content = response.get("content", {})
                    if status[0] in "45" and "application/json" in content:
                        content[MEDIA_TYPE] = content.pop("application/json") | content.get(MEDIA_TYPE, {})
                for parameter in operation.get("parameters", ()):
                    if parameter["name"] == "Idempotency-Key":  # optional to FastAPI, so that its absence is told by a problem of our own
                        parameter.update(required=True, schema={"type": "string", "maxLength": 255})
        return generate()

    app.openapi = openapi  # type: ignore[method-assign]  # as FastAPI's documentation has it
