"""Arrears over HTTP: who owes what since when, and what the bank gives up of it."""

from datetime import date, datetime
from http import HTTPStatus
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.answers import json_response, respond
from loyalty_shared.web.credentials import Caller, Function, Write, require_within_scope, writes
from loyalty_shared.web.models import Body, CodeField, TextField
from loyalty_shared.web.pagination import Page, pages
from redemption.application.online_ports import NewId
from redemption.application.staff_ports import ArrearsWanted, BeginStaffWork
from redemption.application.staff_shown import shown_owed, shown_write_off
from redemption.application.write_off_arrears import AskWriteOff, DecideWriteOff
from redemption.domain.refusals import Refusal
from redemption.domain.writing_off import WriteOffStatus
from redemption.entrypoints.http_online_problems import PROBLEMS, documented, problem_of
from redemption.entrypoints.staff import CHECKED, READS, require_customer_within_scope, require_listed_within_scope, require_unscoped, staff_call_of

DAYS_MAX: Final = 36_500


class WriteOffBody(Body):
    """Arrears to give up."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"customer_no": "C0000001", "point_type": "base", "reason": "customer has died"}]})

    customer_no: CodeField
    point_type: CodeField
    reason: TextField


class WriteOffShown(BaseModel):
    """A write-off as it is now. `points`: what was owed when it was asked for, and once it is posted what was written off."""

    write_off_id: str
    status: Literal["pending", "posted", "rejected"]
    customer_no: str
    point_type: str
    points: int
    reason: str
    made_by: str
    made_at: datetime
    checked_by: str | None
    checked_at: datetime | None


class WriteOffsShown(BaseModel):
    items: list[WriteOffShown]
    next_cursor: str | None


class OwedShown(BaseModel):
    customer_no: str
    point_type: str
    points: int
    since_on: date
    days: int


class ArrearsShown(BaseModel):
    items: list[OwedShown]
    next_cursor: str | None


class AgeBandShown(BaseModel):
    point_type: str
    days_from: int
    days_to: int | None
    customers: int
    points: int


class AgeingShown(BaseModel):
    items: list[AgeBandShown]
    next_cursor: None = None


_OF_DECISIONS: Final = (Refusal.WRITE_OFF_UNKNOWN, Refusal.MAKER_CANNOT_APPROVE, Refusal.FUNCTION_NOT_GRANTED, Refusal.WRITE_OFF_NOT_PENDING)


def arrears_router(begin: BeginStaffWork, clock: Clock, new_id: NewId) -> APIRouter:
    """Return the routes of arrears and their write-off."""
    router = APIRouter(prefix="/v1/entities/{legal_entity}", tags=["arrears"])
    _add_arrears(router, begin)
    _add_write_offs(router, begin)
    ask = AskWriteOff(begin=begin, clock=clock, new_id=new_id)
    approve = DecideWriteOff(begin=begin, clock=clock, decision=WriteOffStatus.POSTED)
    reject = DecideWriteOff(begin=begin, clock=clock, decision=WriteOffStatus.REJECTED)

    @router.post("/arrears-write-offs", status_code=201, response_model=WriteOffShown, responses=documented(Refusal.CUSTOMER_UNKNOWN, Refusal.NO_ARREARS))
    def post_write_off(legal_entity: str, body: WriteOffBody, call: Annotated[Write, writes(Function.MAKER)]) -> Response:
        """Ask that the bank give up what a customer owes of one type; nothing changes until another person has approved it. 403 `beyond-your-scope`."""
        require_customer_within_scope(begin, call.caller, legal_entity, body.customer_no, "body.customer_no")
        return respond(ask(staff_call_of(call), body.customer_no, body.point_type, body.reason), PROBLEMS, HTTPStatus.CREATED)

    @router.post("/arrears-write-offs/{write_off_id}/approve", response_model=WriteOffShown, responses=documented(*_OF_DECISIONS, Refusal.NO_ARREARS))
    def post_approval(legal_entity: str, write_off_id: CodeField, call: Annotated[Write, CHECKED]) -> Response:
        """Write off what somebody else asked for: no more than that, nor than is still owed. 403 `beyond-your-scope`."""
        require_within_scope(call.caller, None, "path.legal_entity")
        return respond(approve(staff_call_of(call), write_off_id), PROBLEMS)

    @router.post("/arrears-write-offs/{write_off_id}/reject", response_model=WriteOffShown, responses=documented(*_OF_DECISIONS))
    def post_rejection(legal_entity: str, write_off_id: CodeField, call: Annotated[Write, CHECKED]) -> Response:
        """End a write-off that somebody else asked for, without posting it. 403 `beyond-your-scope`."""
        require_within_scope(call.caller, None, "path.legal_entity")
        return respond(reject(staff_call_of(call), write_off_id), PROBLEMS)

    return router


def _add_arrears(router: APIRouter, begin: BeginStaffWork) -> None:
    @router.get("/arrears", response_model=ArrearsShown)
    def list_arrears(
        legal_entity: str,
        page: Annotated[Page, pages(date, str, str)],
        caller: Annotated[Caller, READS],
        customer_no: Annotated[CodeField | None, Query(description="Only this customer's")] = None,
        point_type: Annotated[CodeField | None, Query(description="Only of this type")] = None,
        days_min: Annotated[int, Query(ge=0, le=DAYS_MAX, description="Only what has been owed for so many days or longer")] = 0,
    ) -> Response:
        """List what customers owe, oldest first: how much, since which business date, and for how many days. 403 `beyond-your-scope`."""
        require_listed_within_scope(begin, caller, legal_entity, customer_no)
        with begin() as work:
            on = work.hold_date(legal_entity).business_on
            wanted = ArrearsWanted(customer_no=customer_no, point_type=point_type, on=on, days_min=days_min, after=page.after)
            owed = work.list_arrears(legal_entity, wanted, page.fetch)
        return json_response(page.answer(owed, key_of=lambda each: (each.since_on, each.customer_no, each.point_type), show=lambda each: shown_owed(each, on)))

    @router.get("/arrears/ageing", response_model=AgeingShown)
    def get_ageing(legal_entity: str, caller: Annotated[Caller, READS]) -> Response:
        """Show what is owed by point type and age: up to 30, 90, 180, 365 days, and longer; bands with nothing owed are left out. 403 `beyond-your-scope`."""
        require_unscoped(caller)
        with begin() as work:
            bands = work.list_age_bands(legal_entity, work.hold_date(legal_entity).business_on)
        return json_response({"items": [band._asdict() for band in bands], "next_cursor": None})


def _add_write_offs(router: APIRouter, begin: BeginStaffWork) -> None:
    @router.get("/arrears-write-offs", response_model=WriteOffsShown)
    def list_write_offs(
        legal_entity: str,
        page: Annotated[Page, pages(str)],
        caller: Annotated[Caller, READS],
        customer_no: Annotated[CodeField | None, Query(description="Only this customer's")] = None,
        status: WriteOffStatus | None = None,
    ) -> Response:
        """List write-offs, newest first. 403 `beyond-your-scope`."""
        require_listed_within_scope(begin, caller, legal_entity, customer_no)
        with begin() as work:
            asked = work.write_offs.list_page(legal_entity, customer_no, status, page.after[0] if page.after else None, page.fetch)
        return json_response(page.answer(asked, key_of=lambda each: (each.write_off_id,), show=shown_write_off))

    @router.get("/arrears-write-offs/{write_off_id}", response_model=WriteOffShown, responses=documented(Refusal.WRITE_OFF_UNKNOWN))
    def get_write_off(legal_entity: str, write_off_id: CodeField, caller: Annotated[Caller, READS]) -> Response:
        """Show a write-off. 403 `beyond-your-scope`."""
        with begin() as work:
            asked = work.write_offs.find(legal_entity, write_off_id)
        if asked is None:
            raise problem_of(Refusal.WRITE_OFF_UNKNOWN)
        require_customer_within_scope(begin, caller, legal_entity, asked.customer_no, "path.write_off_id")
        return json_response(shown_write_off(asked))
