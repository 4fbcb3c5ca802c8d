"""Freezes over HTTP."""

from datetime import date, datetime
from http import HTTPStatus
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.answers import json_response, respond
from loyalty_shared.web.credentials import Caller, Function, Write, reads, writes
from loyalty_shared.web.models import Body, CodeField, DateField, PointsField, TextField
from loyalty_shared.web.pagination import Page, pages
from redemption.application.freeze_points import FreezePoints, Freezing
from redemption.application.lift_freeze import LiftFreeze
from redemption.application.online_ports import NewId
from redemption.application.staff_ports import BeginStaffWork
from redemption.application.staff_shown import shown_freeze
from redemption.domain.freezing import KeptFreeze
from redemption.domain.refusals import Refusal
from redemption.entrypoints.http_online_problems import PROBLEMS, documented, problem_of
from redemption.entrypoints.staff import require_customer_within_scope, require_listed_within_scope, staff_call_of

_WRITES: Final = writes(Function.MAKER, Function.CHECKER, Function.ADMIN)
_READS: Final = reads(Function.CHANNEL, Function.MAKER, Function.CHECKER, Function.ADMIN)


class FreezeBody(Body):
    """Points to freeze."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"customer_no": "C0000001", "points": 500, "reason": "disputed", "until": "2026-03-31"}]})

    customer_no: CodeField
    points: Annotated[PointsField | None, Field(description="How many; all, whatever arrives, when null or left out")] = None
    reason: TextField
    until: Annotated[DateField | None, Field(description="The last business date on which they are frozen; until it is lifted when null or left out")] = None


class FreezeShown(BaseModel):
    """A freeze. `status`: frozen; lifted; ended, when its last date has passed."""

    freeze_id: str
    status: Literal["frozen", "lifted", "ended"]
    customer_no: str
    points: int | None
    reason: str
    until: date | None
    frozen_by: str
    frozen_at: datetime
    ended_by: str | None
    ended_at: datetime | None


class FreezesShown(BaseModel):
    items: list[FreezeShown]
    next_cursor: str | None


def freezes_router(begin: BeginStaffWork, clock: Clock, new_id: NewId) -> APIRouter:
    """Return the routes of freezes."""
    router = APIRouter(prefix="/v1/entities/{legal_entity}/freezes", tags=["freezes"])
    freeze = FreezePoints(begin=begin, clock=clock, new_id=new_id)
    lift = LiftFreeze(begin=begin, clock=clock)

    def find(legal_entity: str, freeze_id: str) -> KeptFreeze | None:
        with begin() as work:
            return work.freezes.find(legal_entity, freeze_id)

    refusals = documented(Refusal.CUSTOMER_UNKNOWN, Refusal.UNTIL_HAS_PASSED, Refusal.TOO_MANY_FREEZES)

    @router.post("", status_code=201, response_model=FreezeShown, responses=refusals)
    def post_freeze(legal_entity: str, body: FreezeBody, call: Annotated[Write, _WRITES]) -> Response:
        """Keep points of a customer from being spent: a number of them, or all. Several freezes add up.

        Points held before can still be captured; points still arrive, lapse and are taken back. Those that would be spent last are frozen first.
        """
        require_customer_within_scope(begin, call.caller, legal_entity, body.customer_no, "body.customer_no")
        asked = Freezing(customer_no=body.customer_no, points=body.points, reason=body.reason, until=body.until)
        return respond(freeze(staff_call_of(call), asked), PROBLEMS, HTTPStatus.CREATED)

    @router.post("/{freeze_id}/lift", response_model=FreezeShown, responses=documented(Refusal.FREEZE_UNKNOWN))
    def post_lift(legal_entity: str, freeze_id: CodeField, call: Annotated[Write, _WRITES]) -> Response:
        """Lift a freeze. Repeated, or when the freeze has ended by itself, it changes nothing."""
        if call.caller.institutions is not None and (kept := find(legal_entity, freeze_id)) is not None:
            require_customer_within_scope(begin, call.caller, legal_entity, kept.customer_no, "path.freeze_id")
        return respond(lift(staff_call_of(call), freeze_id), PROBLEMS)

    @router.get("", response_model=FreezesShown)
    def list_freezes(
        legal_entity: str,
        page: Annotated[Page, pages(str)],
        caller: Annotated[Caller, _READS],
        customer_no: Annotated[CodeField | None, Query(description="Only this customer's")] = None,
    ) -> Response:
        """List freezes, newest first: those that stand, were lifted, or have ended. 403 `beyond-your-scope`."""
        require_listed_within_scope(begin, caller, legal_entity, customer_no)
        with begin() as work:
            on = work.hold_date(legal_entity).business_on
            kept = work.freezes.list_page(legal_entity, customer_no, page.after[0] if page.after else None, page.fetch)
        return json_response(page.answer(kept, key_of=lambda each: (each.freeze.freeze_id,), show=lambda each: shown_freeze(each, on)))

    @router.get("/{freeze_id}", response_model=FreezeShown, responses=documented(Refusal.FREEZE_UNKNOWN))
    def get_freeze(legal_entity: str, freeze_id: CodeField, caller: Annotated[Caller, _READS]) -> Response:
        """Show a freeze as it is on the business date. 403 `beyond-your-scope`."""
        kept = find(legal_entity, freeze_id)
        if kept is None:
            raise problem_of(Refusal.FREEZE_UNKNOWN)
        require_customer_within_scope(begin, caller, legal_entity, kept.customer_no, "path.freeze_id")
        with begin() as work:
            on = work.hold_date(legal_entity).business_on
        return json_response(shown_freeze(kept, on))

    return router
