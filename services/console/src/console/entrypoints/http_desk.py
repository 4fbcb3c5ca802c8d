"""Parameters, approvals and the audit trail."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query, Request
from pydantic import Field, JsonValue
from starlette.responses import Response

from console.adapters.desk_queries import (
    NUMBER_MAX,
    AuditFilter,
    audit_chain,
    audit_head,
    find_approval,
    list_approvals,
    list_audit,
    list_parameter_versions,
)
from console.application.decide_approval import DecideApproval
from console.application.ports import BeginUnitOfWork
from console.application.propose_parameter import ProposeParameter
from console.application.shown import show_approval
from console.domain.approvals import ApprovalStatus, Kind
from console.domain.audit import AuditRecord, verify
from console.domain.parameters import PARAMETERS, ParameterType, in_force
from console.domain.refusals import Refusal
from console.entrypoints.callers import entity_call_of, require_whole_entity
from console.entrypoints.problems import PROBLEMS
from loyalty_shared.persistence.connections import Database
from loyalty_shared.persistence.entity_dates import UnknownEntity
from loyalty_shared.web.answers import json_response, respond
from loyalty_shared.web.credentials import Caller, Function, Write, reads, writes
from loyalty_shared.web.models import Body, DateField, InstantField, TextField
from loyalty_shared.web.pagination import Page, pages
from loyalty_shared.web.problems import ProblemError, Reason


class ParameterBody(Body):
    """Another value."""

    value: JsonValue = Field(description="Meets the parameter's schema, which GET parameters/{name} shows")
    effective_on: DateField | None = Field(default=None, description="From which business date; the present one when left out")
    reason: TextField | None = None


class DecisionBody(Body):
    """What the checker has to say."""

    remark: TextField | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskCalls:
    """What the routes call."""

    propose_parameter: ProposeParameter
    decide_approval: DecideApproval
    begin: BeginUnitOfWork
    database: Database


def desk_router(calls: DeskCalls) -> APIRouter:
    """Return the routes of parameters, approvals and the audit trail."""
    router = APIRouter(prefix="/v1/entities/{legal_entity}")
    _add_parameters(router, calls)
    _add_approvals(router, calls)
    _add_audit(router, calls)
    return router


def _add_parameters(router: APIRouter, calls: DeskCalls) -> None:
    def live(legal_entity: str, wanted: list[ParameterType], on: date | None) -> list[dict[str, Any]]:
        with calls.begin() as work:
            entity = work.entities.find(legal_entity)
            if entity is None:
                raise UnknownEntity(legal_entity)
            shown_on = on or entity.business_on
            holding = [(one, in_force(work.parameters.list_versions(legal_entity, one.name), shown_on)) for one in wanted]
        return [
            {
                "name": one.name,
                "names": one.names,
                "schema": one.schema,
                "value": version.value if version else one.default,
                "effective_on": version.effective_on if version else None,
                "version": version.version if version else 0,
                "on": shown_on,
                "status": "live",
            }
            for one, version in holding
        ]

    @router.get("/parameters", tags=["parameters"])
    def get_parameters(legal_entity: str, caller: Annotated[Caller, reads()], on: Annotated[DateField | None, Query()] = None) -> Response:
        """List every parameter with what holds on the date; the present business date when none is named."""
        return json_response({"items": live(legal_entity, list(PARAMETERS.values()), on), "next_cursor": None})

    @router.get("/parameters/{name}", tags=["parameters"])
    def get_parameter(legal_entity: str, name: str, caller: Annotated[Caller, reads()], on: Annotated[DateField | None, Query()] = None) -> Response:
        """Show what holds on the date, and the schema of its values. 404 `parameter-unknown`."""
        return json_response(live(legal_entity, [_parameter(name)], on)[0])

    @router.get("/parameters/{name}/versions", tags=["parameters"])
    def get_versions(legal_entity: str, name: str, page: Annotated[Page, pages(int)], caller: Annotated[Caller, reads()]) -> Response:
        """List a parameter's versions, newest first, whatever came of them."""
        before = page.after[0] if page.after else 2**31 - 1
        with calls.database.transaction() as cursor:
            versions = list_parameter_versions(cursor, legal_entity, _parameter(name).name, before=before, limit=page.fetch)
        return json_response(page.answer(versions, key_of=lambda one: (one["version"],), show=lambda one: one))

    @router.put("/parameters/{name}", tags=["parameters"])
    def propose_parameter(
        legal_entity: str, name: str, body: ParameterBody, call: Annotated[Write, writes(Function.MAKER, Function.ADMIN)], request: Request
    ) -> Response:
        """Ask for another value: it holds from `effective_on` on when a checker has approved it.

        Answers `pending` with the approval's id. 403 `beyond-your-scope`; 422 `parameter-value-invalid`; 409 `effective-on-passed`.
        """
        return respond(calls.propose_parameter(entity_call_of(call, request), name, body.value, body.effective_on, body.reason), PROBLEMS)


def _parameter(name: str) -> ParameterType:
    parameter = PARAMETERS.get(name)
    if parameter is None:
        raise ProblemError(PROBLEMS[Refusal.PARAMETER_UNKNOWN], [Reason("path.name", f"no parameter {name}", f"There are: {', '.join(PARAMETERS)}.")])
    return parameter


def _add_approvals(router: APIRouter, calls: DeskCalls) -> None:
    @router.get("/approvals", tags=["approvals"])
    def get_approvals(
        legal_entity: str,
        page: Annotated[Page, pages(int)],
        caller: Annotated[Caller, reads(Function.MAKER, Function.CHECKER, Function.ADMIN)],
        status: Annotated[ApprovalStatus | None, Query()] = None,
        kind: Annotated[Kind | None, Query()] = None,
    ) -> Response:
        """List what was asked for at the console, newest first."""
        before = page.after[0] if page.after else NUMBER_MAX
        with calls.database.transaction() as cursor:
            found = list_approvals(cursor, legal_entity, status=status, kind=kind, before=before, limit=page.fetch)
        return json_response(page.answer(found, key_of=lambda one: (int(one.approval_id),), show=show_approval))

    @router.get("/approvals/{approval_id}", tags=["approvals"])
    def get_approval(legal_entity: str, approval_id: str, caller: Annotated[Caller, reads(Function.MAKER, Function.CHECKER, Function.ADMIN)]) -> Response:
        """Show a request with its difference. 404 `approval-unknown`."""
        with calls.database.transaction() as cursor:
            found = find_approval(cursor, legal_entity, approval_id)
        if found is None:
            raise ProblemError(PROBLEMS[Refusal.APPROVAL_UNKNOWN], [Reason("path.approval_id", f"no approval {approval_id}", "GET approvals lists them.")])
        return json_response(show_approval(found))

    # Makers may call these too: the answer is then `maker-cannot-approve`, which says more than that a function is missing.
    deciders = writes(Function.CHECKER, Function.MAKER, Function.ADMIN)

    @router.post("/approvals/{approval_id}/approve", tags=["approvals"])
    def approve(legal_entity: str, approval_id: str, call: Annotated[Write, deciders], request: Request, body: DecisionBody | None = None) -> Response:
        """Approve what another asked for. 403 `maker-cannot-approve`, `beyond-your-scope`; 409 `already-decided`, `effective-on-passed`."""
        return respond(calls.decide_approval(entity_call_of(call, request), approval_id, ApprovalStatus.APPROVED, body.remark if body else None), PROBLEMS)

    @router.post("/approvals/{approval_id}/reject", tags=["approvals"])
    def reject(legal_entity: str, approval_id: str, call: Annotated[Write, deciders], request: Request, body: DecisionBody | None = None) -> Response:
        """Reject what another asked for. 403 `maker-cannot-approve`, `beyond-your-scope`; 409 `already-decided`."""
        return respond(calls.decide_approval(entity_call_of(call, request), approval_id, ApprovalStatus.REJECTED, body.remark if body else None), PROBLEMS)


def _add_audit(router: APIRouter, calls: DeskCalls) -> None:
    @router.get("/audit", tags=["audit"])
    def get_audit(
        legal_entity: str,
        page: Annotated[Page, pages(int)],
        caller: Annotated[Caller, reads(Function.ADMIN)],
        who: Annotated[str | None, Query()] = None,
        action: Annotated[str | None, Query()] = None,
        subject: Annotated[str | None, Query()] = None,
        begin: Annotated[InstantField | None, Query(alias="from", description="Inclusive")] = None,
        end: Annotated[InstantField | None, Query(alias="to", description="Exclusive")] = None,
    ) -> Response:
        """List who did what to which object, before and after, from where; newest first."""
        require_whole_entity(caller)
        wanted = AuditFilter(who=who, action=action, subject=subject, begin=begin, end=end)
        with calls.database.transaction() as cursor:
            found = list_audit(cursor, legal_entity, wanted, before=page.after[0] if page.after else NUMBER_MAX, limit=page.fetch)
        return json_response(page.answer(found, key_of=lambda one: (one.number,), show=_shown_record))

    @router.get("/audit/verification", tags=["audit"])
    def verify_audit(legal_entity: str, caller: Annotated[Caller, reads(Function.ADMIN)]) -> Response:
        """Count the entity's chain of hashes again, and tell at which record it is broken, if it is."""
        require_whole_entity(caller)
        with calls.database.transaction() as cursor:
            cursor.execute("set transaction isolation level repeatable read read only")
            found = verify(audit_chain(cursor, legal_entity), audit_head(cursor, legal_entity))
        return json_response({"records": found.records, "intact": found.fault is None, "broken_at": found.broken_at, "fault": found.fault})


def _shown_record(record: AuditRecord) -> dict[str, Any]:
    return {
        "number": record.number,
        "at": record.at,
        "who": record.who,
        "action": record.action,
        "subject": record.subject,
        "before": None if record.before is None else msgspec.Raw(record.before.encode()),
        "after": None if record.after is None else msgspec.Raw(record.after.encode()),
        "address": record.address,
        "request_id": record.request_id,
    }
