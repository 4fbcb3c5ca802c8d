"""Expiry over HTTP: what is going to lapse, and extensions by staff."""

from datetime import date, datetime
from http import HTTPStatus
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, model_validator
from starlette.responses import Response

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.persistence.connections import Database
from loyalty_shared.persistence.entity_dates import UnknownEntity, find_entity
from loyalty_shared.web.answers import json_response, respond
from loyalty_shared.web.credentials import Caller, Function, Write, require_within_scope, writes
from loyalty_shared.web.models import Body, CodeField, DateField, TextField
from loyalty_shared.web.pagination import Page, pages
from redemption.adapters.expiry_forecast import forecast_expiry
from redemption.adapters.extensions import SqlExtendingWork
from redemption.adapters.staff_unit_of_work import SqlStaffWork
from redemption.adapters.unit_of_work import begin_on
from redemption.application.ask_extension import AskExtension, Extending
from redemption.application.decide_extension import DecideExtension
from redemption.application.extending_ports import shown_extension
from redemption.application.online_ports import NewId
from redemption.domain.extending import ExtensionStatus
from redemption.domain.refusals import Refusal
from redemption.domain.sliding import months_after
from redemption.entrypoints.http_online_problems import PROBLEMS, documented, problem_of
from redemption.entrypoints.staff import CHECKED, READS, require_customer_within_scope, require_unscoped, staff_call_of

#: How far a forecast looks when the call does not say.
FORECAST_MONTHS: Final = 12


class MonthShown(BaseModel):
    """Points of one type whose last date of use is in one month."""

    month: Annotated[str, Field(examples=["2026-12"])]
    point_type: str
    points: int
    customers: int


class ForecastShown(BaseModel):
    business_on: date
    to: date
    items: list[MonthShown]
    next_cursor: None = None


class ExtensionBody(Body):
    """Points that are to lapse later: those that meet every one of customer_no, institution and expires_on that is stated."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"expires_on": "2026-12-31", "to": "2027-03-31", "reason": "branch closed for repairs"}]})

    customer_no: Annotated[CodeField | None, Field(description="Only this customer's points")] = None
    institution: Annotated[CodeField | None, Field(description="Only points that this institution issued")] = None
    expires_on: Annotated[DateField | None, Field(description="Only points whose last date of use is this")] = None
    to: Annotated[DateField, Field(description="The new last date of use, for points that would lapse before")]
    reason: TextField

    @model_validator(mode="after")
    def _says_whose(self) -> "ExtensionBody":
        if self.customer_no is None and self.institution is None and self.expires_on is None:
            raise ValueError("state at least one of customer_no, institution and expires_on")
        return self


class ExtensionShown(BaseModel):
    """An extension as it is now; `accounts` and `points`: what it has extended so far."""

    extension_id: str
    status: Literal["pending", "approved", "done", "rejected"]
    customer_no: str | None
    institution: str | None
    expires_on: date | None
    to: date
    reason: str
    asked_by: str
    asked_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    accounts: int
    points: int


class ExtensionsShown(BaseModel):
    items: list[ExtensionShown]
    next_cursor: str | None


_ASKED: Final = writes(Function.MAKER, Function.CHECKER, Function.ADMIN)
_OF_DECISIONS: Final = (Refusal.EXTENSION_UNKNOWN, Refusal.MAKER_CANNOT_APPROVE, Refusal.FUNCTION_NOT_GRANTED, Refusal.EXTENSION_NOT_PENDING)


def expiry_router(database: Database, clock: Clock, new_id: NewId) -> APIRouter:
    """Return the routes of what lapses."""
    router = APIRouter(prefix="/v1/entities/{legal_entity}", tags=["expiry"])
    _add_forecast(router, database)
    _add_extensions(router, database, clock, new_id)
    return router


def _add_forecast(router: APIRouter, database: Database) -> None:

    @router.get("/expiry-forecast", response_model=ForecastShown)
    def get_expiry_forecast(
        legal_entity: str,
        caller: Annotated[Caller, READS],
        to: Annotated[DateField | None, Query(description=f"The last date of use to look at; {FORECAST_MONTHS} months on when left out")] = None,
    ) -> Response:
        """Show what will lapse by month and point type, from the business date on, if nobody spends, earns or extends anything. Held points are left out.

        403 `beyond-your-scope`.
        """
        require_unscoped(caller)
        with database.transaction() as cursor:
            entity = find_entity(cursor, legal_entity)
            if entity is None:
                raise UnknownEntity(legal_entity)
            last = to or months_after(entity.business_on, FORECAST_MONTHS)
            months = forecast_expiry(cursor, legal_entity, entity.business_on, last)
        return json_response({"business_on": entity.business_on, "to": last, "items": months, "next_cursor": None})


def _add_extensions(router: APIRouter, database: Database, clock: Clock, new_id: NewId) -> None:
    begin = begin_on(database, SqlExtendingWork)
    ask = AskExtension(begin=begin, clock=clock, new_id=new_id)
    decide = DecideExtension(begin=begin, clock=clock)

    def require_within(caller: Caller, legal_entity: str, customer_no: str | None, institution: str | None) -> None:
        if customer_no is not None:
            require_customer_within_scope(begin_on(database, SqlStaffWork), caller, legal_entity, customer_no, "body.customer_no")
        else:
            require_within_scope(caller, institution, "body.institution")

    def check_scope(legal_entity: str, extension_id: str, caller: Caller) -> None:
        with begin() as work:
            found = work.extensions.find(legal_entity, extension_id) if caller.institutions is not None else None
        if found is not None:
            require_within(caller, legal_entity, found.customer_no, found.institution)

    refusals = documented(Refusal.EXTENSION_IN_THE_PAST, Refusal.CUSTOMER_UNKNOWN)

    @router.post("/expiry-extensions", status_code=201, response_model=ExtensionShown, responses=refusals)
    def post_extension(legal_entity: str, body: ExtensionBody, call: Annotated[Write, _ASKED]) -> Response:
        """Ask that points lapse later: one customer's, an institution's, or all of one last date. Nothing changes until somebody else approves it.

        Only points with a last date of their own that has not passed are extended, and of them those that no hold has. 403 `beyond-your-scope`.
        """
        require_within(call.caller, legal_entity, body.customer_no, body.institution)
        asked = Extending(customer_no=body.customer_no, institution=body.institution, expires_on=body.expires_on, to=body.to, reason=body.reason)
        return respond(ask(staff_call_of(call), asked), PROBLEMS, HTTPStatus.CREATED)

    @router.post("/expiry-extensions/{extension_id}/approve", response_model=ExtensionShown, responses=documented(*_OF_DECISIONS))
    def post_approve(legal_entity: str, extension_id: CodeField, call: Annotated[Write, CHECKED]) -> Response:
        """Approve an extension. It is carried out in the seconds after, customer by customer; then it is `done`."""
        check_scope(legal_entity, extension_id, call.caller)
        return respond(decide(staff_call_of(call), extension_id, ExtensionStatus.APPROVED), PROBLEMS)

    @router.post("/expiry-extensions/{extension_id}/reject", response_model=ExtensionShown, responses=documented(*_OF_DECISIONS))
    def post_reject(legal_entity: str, extension_id: CodeField, call: Annotated[Write, CHECKED]) -> Response:
        """Reject an extension."""
        check_scope(legal_entity, extension_id, call.caller)
        return respond(decide(staff_call_of(call), extension_id, ExtensionStatus.REJECTED), PROBLEMS)

    @router.get("/expiry-extensions", response_model=ExtensionsShown)
    def list_extensions(legal_entity: str, page: Annotated[Page, pages(str)], caller: Annotated[Caller, READS]) -> Response:
        """List extensions, newest first. 403 `beyond-your-scope`."""
        require_unscoped(caller)
        with begin() as work:
            found = work.extensions.list_page(legal_entity, page.after[0] if page.after else None, page.fetch)
        return json_response(page.answer(found, key_of=lambda each: (each.extension_id,), show=shown_extension))

    @router.get("/expiry-extensions/{extension_id}", response_model=ExtensionShown, responses=documented(Refusal.EXTENSION_UNKNOWN))
    def get_extension(legal_entity: str, extension_id: CodeField, caller: Annotated[Caller, READS]) -> Response:
        """Show an extension, and what of it is done. 403 `beyond-your-scope`."""
        with begin() as work:
            found = work.extensions.find(legal_entity, extension_id)
        if found is None:
            raise problem_of(Refusal.EXTENSION_UNKNOWN)
        check_scope(legal_entity, extension_id, caller)
        return json_response(shown_extension(found))
