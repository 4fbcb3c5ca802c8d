"""The one table from refusal to problem, and what each refusal is told with."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from loyalty_shared.web.documents import ProblemDocument
from loyalty_shared.web.problems import MEDIA_TYPE, Problem, ProblemError, Reason
from reporting.domain.refusals import Refusal

PROBLEMS: Final[Mapping[Refusal, Problem]] = {
    Refusal.REPORT_UNKNOWN: Problem("report-unknown", HTTPStatus.NOT_FOUND, "There is no such report"),
    Refusal.DAY_NOT_COMPLETE: Problem("day-not-complete", HTTPStatus.CONFLICT, "A day of the period is not complete yet", retryable=True),
    Refusal.MART_DOES_NOT_TIE: Problem("mart-does-not-tie", HTTPStatus.CONFLICT, "The mart does not tie to the ledger: nothing is reported from it"),
    Refusal.INSTITUTION_UNKNOWN: Problem("institution-unknown", HTTPStatus.NOT_FOUND, "The institution is not known"),
    Refusal.BEYOND_YOUR_SCOPE: Problem("beyond-your-scope", HTTPStatus.FORBIDDEN, "The institution is beyond the caller's data scope"),
    Refusal.REPORT_TOO_LARGE: Problem("report-too-large", HTTPStatus.UNPROCESSABLE_ENTITY, "The report has more rows than can be given"),
    Refusal.NOT_MADE: Problem("report-not-made", HTTPStatus.NOT_FOUND, "The report was not made for that date"),
}

#: For each refusal: the part of the call, the fault (`{about}` is what it is about), and what to do.
REASONS: Final[Mapping[Refusal, tuple[str, str, str]]] = {
    Refusal.REPORT_UNKNOWN: ("path.code", "no report {about}", "GET reports lists them."),
    Refusal.DAY_NOT_COMPLETE: ("query.from", "{about} is not complete", "Ask again once that business date is closed and all of it has arrived here."),
    Refusal.MART_DOES_NOT_TIE: ("path.code", "{about}", "GET invariants shows where; `reporting job rebuild` makes the mart again from the bus."),
    Refusal.INSTITUTION_UNKNOWN: ("query.institution", "{about} is neither in the tree nor in any posting", "Correct its code."),
    Refusal.BEYOND_YOUR_SCOPE: ("query.institution", "{about} is not within your institutions", "Ask for one of your own, or for none to see them all."),
    Refusal.REPORT_TOO_LARGE: ("query.group_by", "{about} rows", "Ask for fewer dimensions, a shorter period or one institution."),
    Refusal.NOT_MADE: ("path.business_on", "not made for {about}", "Run the job make-reports for that date once it is closed."),
}


def problem_of(refusal: Refusal, about: str) -> ProblemError:
    """Return the problem to raise for a refusal."""
    path, fault, remedy = REASONS[refusal]
    return ProblemError(PROBLEMS[refusal], [Reason(path, fault.format(about=about), remedy)])


def documented(*refusals: Refusal) -> dict[int | str, dict[str, Any]]:
    """Return how OpenAPI shows these refusals: by status, each with an example."""
    responses: dict[int | str, dict[str, Any]] = {}
    for refusal in refusals:
        problem = PROBLEMS[refusal]
        path, fault, remedy = REASONS[refusal]
        example = {
            "type": f"urn:nanzhu:problem:{problem.code}", "title": problem.title, "status": int(problem.status), "code": problem.code,
            "retryable": problem.retryable, "reasons": [{"path": path, "fault": fault.format(about="..."), "remedy": remedy}],
        }  # fmt: skip
        response = responses.setdefault(int(problem.status), {"model": ProblemDocument, "description": "", "content": {MEDIA_TYPE: {"examples": {}}}})
        response["content"][MEDIA_TYPE]["examples"][problem.code] = {"value": example}
        response["description"] = ", ".join(response["content"][MEDIA_TYPE]["examples"])
    return responses
