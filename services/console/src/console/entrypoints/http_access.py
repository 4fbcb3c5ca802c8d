"""Operators, roles and institutions."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import Field, StringConstraints
from starlette.responses import Response

from console.adapters.desk_queries import list_operators
from console.application.change_standing import ChangeStanding
from console.application.ports import BeginUnitOfWork
from console.application.save_institution import SaveInstitution
from console.application.save_operator import CreateOperator, UpdateOperator
from console.application.save_role import SaveRole
from console.application.set_password import ResetPassword
from console.application.shown import show_institution, show_operator, show_role
from console.domain.access import Role, Scope, grant_from
from console.domain.institutions import HEAD_OFFICE, InstitutionStatus, Level, in_order
from console.domain.operators import Change, Operator, OperatorStatus
from console.domain.refusals import Refusal
from console.entrypoints.callers import call_of, secret_call_of
from console.entrypoints.http_sessions import PasswordField
from console.entrypoints.problems import PROBLEMS
from loyalty_shared.persistence.connections import Database
from loyalty_shared.web import problems
from loyalty_shared.web.answers import json_response, respond
from loyalty_shared.web.credentials import Caller, Function, Write, reads, require_within_scope, writes
from loyalty_shared.web.models import Body, CodeField
from loyalty_shared.web.pagination import Page, pages
from loyalty_shared.web.problems import ProblemError, Reason

OperatorCode = Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9A-Za-z][0-9A-Za-z._@-]{1,63}$")]
NameField = Annotated[str, StringConstraints(strict=True, strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
NamesField = Annotated[
    dict[Annotated[str, StringConstraints(strict=True, pattern=r"^[a-z]{2,3}(-[A-Za-z]{2,4})?$")], NameField],
    Field(min_length=1, max_length=16, description="By language", examples=[{"zh": "南宁分行", "en": "Nanning branch"}]),
]
RolesField = Annotated[tuple[CodeField, ...], Field(max_length=32)]


class OperatorBody(Body):
    """A person who is to sign in."""

    operator: OperatorCode = Field(description="Unique on the installation; 2 to 64 letters, digits, and . _ @ -", examples=["zhang.wei"])
    password: PasswordField
    name: NameField | None = Field(default=None, description="The operator's code when left out")
    institution: CodeField = Field(default=HEAD_OFFICE, description="Where the operator belongs")
    roles: RolesField = Field(default=(), description="Codes of roles; without one the operator may do nothing")


class OperatorChangeBody(Body):
    """The operator as they are to be."""

    name: NameField
    institution: CodeField
    roles: RolesField


class ResetBody(Body):
    """A new password."""

    password: PasswordField


class RoleBody(Body):
    """What a role grants."""

    names: NamesField
    functions: Annotated[tuple[Function, ...], Field(max_length=8)] = Field(description="maker, checker, admin, auditor")
    scope: Scope


class InstitutionBody(Body):
    """An institution as it is to be. `level` by depth when left out."""

    names: NamesField
    parent: CodeField | None = None
    level: Level | None = None
    status: InstitutionStatus = InstitutionStatus.OPEN
    cost_centre: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessCalls:
    """What the routes call. `secret`: what digests of bodies that hold passwords are made with."""

    create_operator: CreateOperator
    update_operator: UpdateOperator
    reset_password: ResetPassword
    change_standing: ChangeStanding
    save_role: SaveRole
    save_institution: SaveInstitution
    begin: BeginUnitOfWork
    database: Database
    secret: str


def access_router(calls: AccessCalls) -> APIRouter:
    """Return the routes of operators, roles and institutions."""
    router = APIRouter(prefix="/v1/entities/{legal_entity}", tags=["operators, roles, institutions"])
    _add_operator_reading(router, calls)
    _add_operator_changes(router, calls)
    _add_roles(router, calls)
    _add_institutions(router, calls)
    return router


def _add_operator_reading(router: APIRouter, calls: AccessCalls) -> None:
    def shown(legal_entity: str, operators: list[Operator]) -> list[dict[str, Any]]:
        with calls.begin() as work:
            roles = {role.code: role for role in work.roles.list(legal_entity)}
        grants = [grant_from([roles[code] for code in operator.roles if code in roles]) for operator in operators]
        return [{**show_operator(one), "functions": grant.functions, "scope": grant.scope} for one, grant in zip(operators, grants, strict=True)]

    @router.get("/operators")
    def get_operators(
        legal_entity: str,
        page: Annotated[Page, pages(str)],
        caller: Annotated[Caller, reads(Function.ADMIN)],
        institution: Annotated[str | None, Query()] = None,
        status: Annotated[OperatorStatus | None, Query()] = None,
    ) -> Response:
        """List the operators whom the caller may see, by code."""
        if institution is not None:
            require_within_scope(caller, institution, "query.institution")
        after = page.after[0] if page.after else ""
        with calls.database.transaction() as cursor:
            found = list_operators(cursor, legal_entity, within=caller.institutions, institution=institution, status=status, after=after, limit=page.fetch)
        answers = shown(legal_entity, found)
        return json_response(page.answer(answers, key_of=lambda one: (one["operator"],), show=lambda one: one))

    @router.get("/operators/{operator}")
    def get_operator(legal_entity: str, operator: str, caller: Annotated[Caller, reads(Function.ADMIN)]) -> Response:
        """Show an operator. 404 `operator-unknown`; 403 `beyond-your-scope`."""
        with calls.begin() as work:
            found = work.operators.find(operator)
        if found is None or found.legal_entity != legal_entity:
            raise ProblemError(PROBLEMS[Refusal.OPERATOR_UNKNOWN], [Reason("path.operator", f"no operator {operator}", "GET operators lists them.")])
        require_within_scope(caller, found.institution, "path.operator")
        return json_response(shown(legal_entity, [found])[0])


def _add_operator_changes(router: APIRouter, calls: AccessCalls) -> None:
    @router.post("/operators", status_code=HTTPStatus.CREATED)
    def create_operator(legal_entity: str, body: OperatorBody, call: Annotated[Write, writes(Function.ADMIN)], request: Request) -> Response:
        """Create an operator. 409 `operator-exists`; 404 `role-unknown`, `institution-unknown`; 422 `password-not-accepted`; 403 `beyond-your-scope`."""
        made = secret_call_of(call, request, calls.secret)
        answer = calls.create_operator(made, body.operator, body.name or body.operator, body.institution, body.roles, body.password)
        return respond(answer, PROBLEMS, HTTPStatus.CREATED)

    @router.put("/operators/{operator}")
    def update_operator(
        legal_entity: str, operator: str, body: OperatorChangeBody, call: Annotated[Write, writes(Function.ADMIN)], request: Request
    ) -> Response:
        """Change where an operator belongs and what they may; their sessions end."""
        return respond(calls.update_operator(call_of(call, request), operator, body.name, body.institution, body.roles), PROBLEMS)

    @router.post("/operators/{operator}/reset")
    def reset_password(legal_entity: str, operator: str, body: ResetBody, call: Annotated[Write, writes(Function.ADMIN)], request: Request) -> Response:
        """Give an operator a new password, lift a lock, end their sessions. 422 `password-not-accepted`."""
        return respond(calls.reset_password(secret_call_of(call, request, calls.secret), operator, body.password), PROBLEMS)

    @router.post("/operators/{operator}/{change}")
    def change_standing(legal_entity: str, operator: str, change: Change, call: Annotated[Write, writes(Function.ADMIN)], request: Request) -> Response:
        """Disable, enable, lock or unlock an operator. 409 `operator-disabled`, `own-operator`."""
        return respond(calls.change_standing(call_of(call, request), operator, change), PROBLEMS)


def _add_roles(router: APIRouter, calls: AccessCalls) -> None:
    @router.get("/roles")
    def get_roles(legal_entity: str, caller: Annotated[Caller, reads(Function.ADMIN)]) -> Response:
        """List the roles and what they grant."""
        with calls.begin() as work:
            roles = work.roles.list(legal_entity)
        return json_response({"items": [show_role(role) for role in roles], "next_cursor": None})

    @router.put("/roles/{code}")
    def save_role(legal_entity: str, code: CodeField, body: RoleBody, call: Annotated[Write, writes(Function.ADMIN)], request: Request) -> Response:
        """Make a role so; the sessions of those who have it end. 403 `beyond-your-scope`, 409 `own-operator`."""
        if Function.CHANNEL in body.functions:
            reason = Reason("body.functions", "channel is for systems", "Name maker, checker, admin or auditor.")
            raise ProblemError(problems.INVALID_REQUEST, [reason])
        role = Role(code=code, names=dict(body.names), functions=tuple(dict.fromkeys(body.functions)), scope=body.scope)
        return respond(calls.save_role(call_of(call, request), role), PROBLEMS)


def _add_institutions(router: APIRouter, calls: AccessCalls) -> None:
    @router.get("/institutions")
    def get_institutions(legal_entity: str, caller: Annotated[Caller, reads()]) -> Response:
        """List the institutions that the caller may see, in the order of the tree."""
        with calls.begin() as work:
            placed = in_order(work.institutions.tree(legal_entity))
        seen = [show_institution(one, path) for one, path in placed if caller.institutions is None or one.institution in caller.institutions]
        return json_response({"items": seen, "next_cursor": None})

    @router.get("/institutions/{code}")
    def get_institution(legal_entity: str, code: str, caller: Annotated[Caller, reads()]) -> Response:
        """Show an institution. 404 `institution-unknown`; 403 `beyond-your-scope`."""
        with calls.begin() as work:
            placed = {one.institution: (one, path) for one, path in in_order(work.institutions.tree(legal_entity))}
        if code not in placed:
            raise ProblemError(PROBLEMS[Refusal.INSTITUTION_UNKNOWN], [Reason("path.code", f"no institution {code}", "GET institutions lists them.")])
        require_within_scope(caller, code, "path.code")
        return json_response(show_institution(*placed[code]))

    @router.put("/institutions/{code}")
    def save_institution(
        legal_entity: str, code: CodeField, body: InstitutionBody, call: Annotated[Write, writes(Function.ADMIN)], request: Request
    ) -> Response:
        """Make an institution so. 404 `institution-unknown` (the parent); 409 `institution-cycle`, `institution-closed`, `institution-in-use`."""
        answer = calls.save_institution(call_of(call, request), code, dict(body.names), body.parent, body.level, body.status, body.cost_centre)
        return respond(answer, PROBLEMS)
