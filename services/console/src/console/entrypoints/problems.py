"""The one table from what the console refuses to what a caller is told."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from console.domain.refusals import Refusal
from loyalty_shared.web import problems
from loyalty_shared.web.job_routes import JOB_UNKNOWN
from loyalty_shared.web.problems import Problem

_CONFLICT, _ABSENT, _INVALID, _UNAUTHORIZED = HTTPStatus.CONFLICT, HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.UNAUTHORIZED


def _problem(refusal: Refusal, status: HTTPStatus, title: str) -> Problem:
    return Problem(refusal.value, status, title)


PROBLEMS: Final[Mapping[str, Problem]] = {
    Refusal.ENTITY_UNKNOWN: problems.ENTITY_UNKNOWN,
    Refusal.BEYOND_YOUR_SCOPE: problems.BEYOND_YOUR_SCOPE,
    Refusal.FUNCTION_NOT_GRANTED: problems.FUNCTION_NOT_GRANTED,
    Refusal.JOB_UNKNOWN: JOB_UNKNOWN,
    **{
        problem.code: problem
        for problem in (
            _problem(Refusal.ENTITY_EXISTS, _CONFLICT, "An entity of that code is open already"),
            _problem(Refusal.BUSINESS_DATE_MOVES_BACK, _CONFLICT, "The business date only moves forward"),
            _problem(Refusal.SESSION_REFUSED, _UNAUTHORIZED, "The operator and the password do not fit"),
            _problem(Refusal.SESSION_LOCKED, _UNAUTHORIZED, "The operator is locked; an administrator unlocks"),
            _problem(Refusal.NOT_A_SESSION, _CONFLICT, "The credential is no operator's session"),
            _problem(Refusal.PASSWORD_NOT_ACCEPTED, _INVALID, "The password is not accepted"),
            _problem(Refusal.OPERATOR_EXISTS, _CONFLICT, "An operator of that code exists on this installation"),
            _problem(Refusal.OPERATOR_UNKNOWN, _ABSENT, "The entity has no such operator"),
            _problem(Refusal.OPERATOR_DISABLED, _CONFLICT, "The operator is disabled"),
            _problem(Refusal.OWN_OPERATOR, _CONFLICT, "Operators do not disable or lock themselves"),
            _problem(Refusal.ROLE_UNKNOWN, _ABSENT, "The entity has no such role"),
            _problem(Refusal.INSTITUTION_UNKNOWN, _ABSENT, "The entity has no such institution"),
            _problem(Refusal.INSTITUTION_CYCLE, _CONFLICT, "An institution cannot be below itself"),
            _problem(Refusal.INSTITUTION_CLOSED, _CONFLICT, "The institution above is closed"),
            _problem(Refusal.INSTITUTION_IN_USE, _CONFLICT, "The institution is still in use"),
            _problem(Refusal.PARAMETER_UNKNOWN, _ABSENT, "There is no such parameter"),
            _problem(Refusal.PARAMETER_VALUE_INVALID, _INVALID, "The value does not meet the parameter's schema"),
            _problem(Refusal.EFFECTIVE_ON_PASSED, _CONFLICT, "A parameter does not change for dates that have passed"),
            _problem(Refusal.APPROVAL_UNKNOWN, _ABSENT, "There is no such approval"),
            _problem(Refusal.ALREADY_DECIDED, _CONFLICT, "The request has been decided on already"),
            _problem(Refusal.MAKER_CANNOT_APPROVE, HTTPStatus.FORBIDDEN, "Who made a request does not decide on it"),
            _problem(Refusal.RUN_UNKNOWN, _ABSENT, "The job has no such run"),
            _problem(Refusal.NO_CLOSED_DATE, _CONFLICT, "No business date has been closed yet"),
            _problem(Refusal.CRON_INVALID, _INVALID, "The schedule is not a cron expression"),
        )
    },
}
