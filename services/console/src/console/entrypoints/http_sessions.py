"""Signing in and out."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field, StringConstraints
from starlette.responses import Response

from console.application.set_password import ChangeOwnPassword
from console.application.sign_in import SignedIn, SignIn
from console.application.sign_out import SignOut
from console.domain.operators import PASSWORD_LENGTH_MAX, Operator
from console.domain.refusals import Refusal
from console.entrypoints.callers import address_of, by_of, request_id, token_digest
from console.entrypoints.problems import PROBLEMS
from console.metrics import SIGN_INS
from loyalty_shared.observability.metrics import Metrics
from loyalty_shared.web.answers import json_response, respond
from loyalty_shared.web.credentials import Caller, reads
from loyalty_shared.web.models import Body
from loyalty_shared.web.problems import ProblemError, Reason

PasswordField = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=4 * PASSWORD_LENGTH_MAX, pattern=r"^[^\x00]*$")]
OperatorField = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=64, pattern=r"^[^\x00]*$")]

_SIGN_IN = Reason("body.operator", "the operator and the password do not fit", "Correct one or the other; an administrator resets a password.")
_LOCKED = Reason("body.operator", "the operator is locked after too many failures", "Have an administrator unlock it or reset the password.")
_REFUSED = {Refusal.SESSION_REFUSED: _SIGN_IN, Refusal.SESSION_LOCKED: _LOCKED}


class SessionBody(Body):
    """Who signs in."""

    operator: OperatorField = Field(examples=["001-maker"])
    password: PasswordField


class PasswordChangeBody(Body):
    """The operator's own new password."""

    current_password: PasswordField
    new_password: PasswordField


class WhoAnswer(BaseModel):
    """Who calls, what they may, where, until when. A system has no operator, name, entity of its own or end. `institutions` null: the whole entity."""

    credential: str
    operator: str | None
    name: str | None
    legal_entity: str | None
    functions: list[str]
    entities: list[str]
    institutions: list[str] | None
    expires_at: datetime | None


class SessionAnswer(WhoAnswer):
    """The session, with the token that no later answer shows."""

    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionCalls:
    """What the routes call."""

    sign_in: SignIn
    sign_out: SignOut
    change_password: ChangeOwnPassword
    find_operator: Callable[[str], Operator | None]
    metrics: Metrics


def sessions_router(calls: SessionCalls) -> APIRouter:
    """Return the routes of sessions. They name no entity: an operator's code is unique on the installation."""
    router = APIRouter(prefix="/v1/sessions", tags=["sessions"])

    @router.post("", status_code=HTTPStatus.CREATED, response_model=SessionAnswer)
    def sign_in(body: SessionBody, request: Request) -> Response:
        """Sign in. The token is a bearer token like any other, good for 8 hours. 401 `session-refused`; 401 `session-locked` after 5 failures in a row."""
        outcome = calls.sign_in(body.operator, body.password, address_of(request), request_id())
        calls.metrics.counter(SIGN_INS).labels(outcome=outcome if isinstance(outcome, Refusal) else "opened").inc()
        if isinstance(outcome, Refusal):
            raise ProblemError(PROBLEMS[outcome], [_REFUSED[outcome]], {"WWW-Authenticate": 'Bearer realm="nanzhu"'})
        return json_response(_shown_session(outcome), HTTPStatus.CREATED, {"Cache-Control": "no-store"})

    @router.get("", response_model=WhoAnswer)
    def who(caller: Annotated[Caller, reads()]) -> Response:
        """Tell who the caller is, and what they may."""
        operator = calls.find_operator(caller.operator) if caller.operator else None
        return json_response(_shown_caller(caller, operator))

    @router.delete("", status_code=HTTPStatus.NO_CONTENT)
    def sign_out(caller: Annotated[Caller, reads()], request: Request) -> Response:
        """End the session that calls. 409 `not-a-session` for a credential that is none."""
        refusal = calls.sign_out(token_digest(request), by_of(caller, request))
        if refusal is not None:
            raise ProblemError(PROBLEMS[refusal], [Reason("header.Authorization", "is no operator's session", "Only a session can be ended.")])
        return Response(status_code=HTTPStatus.NO_CONTENT)

    @router.post("/password")
    def change_password(body: PasswordChangeBody, caller: Annotated[Caller, reads()], request: Request) -> Response:
        """Give the operator who calls a new password; their other sessions end. 401 `session-refused`, 422 `password-not-accepted`, 409 `not-a-session`."""
        answer = calls.change_password(caller.operator, token_digest(request), body.current_password, body.new_password, by_of(caller, request))
        return respond(answer, PROBLEMS)

    return router


def _shown_session(signed_in: SignedIn) -> dict[str, Any]:
    operator, session = signed_in.operator, signed_in.session
    return {
        "token": signed_in.token,
        "expires_at": session.expires_at,
        "credential": operator.credential,
        "operator": operator.operator,
        "name": operator.name,
        "legal_entity": operator.legal_entity,
        "functions": session.functions,
        "entities": session.entities,
        "institutions": session.institutions,
    }


def _shown_caller(caller: Caller, operator: Operator | None) -> dict[str, Any]:
    return {
        "expires_at": caller.expires_at,
        "credential": caller.credential,
        "operator": caller.operator,
        "name": operator.name if operator else None,
        "legal_entity": operator.legal_entity if operator else None,
        "functions": sorted(caller.functions),
        "entities": sorted(caller.entities),
        "institutions": None if caller.institutions is None else sorted(caller.institutions),
    }
