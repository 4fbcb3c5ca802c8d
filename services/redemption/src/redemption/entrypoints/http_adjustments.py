"""Adjustments over HTTP, one by one."""

from datetime import date, datetime
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal

import msgspec
from fastapi import APIRouter, Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from starlette.responses import Response

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.answers import json_response, respond
from loyalty_shared.web.credentials import Caller, Function, Write, writes
from loyalty_shared.web.models import Body, CodeField, DateField, SignedPointsField, TextField
from loyalty_shared.web.pagination import Page, pages
from redemption.application.decide_adjustment import ApproveAdjustment, RejectAdjustment
from redemption.application.make_adjustment import Adjusting, MakeAdjustment
from redemption.application.online_ports import NewId
from redemption.application.staff_ports import BeginStaffWork
from redemption.application.staff_shown import shown_adjustment
from redemption.domain.adjusting import Adjustment, AdjustmentStatus
from redemption.domain.refusals import Refusal
from redemption.entrypoints.http_online_problems import PROBLEMS, documented, problem_of
from redemption.entrypoints.staff import CHECKED, READS, require_customer_within_scope, require_listed_within_scope, staff_call_of

EVIDENCE_BYTES_MAX: Final = 16_384


def _small(value: Any) -> Any:
    if len(msgspec.json.encode(value)) > EVIDENCE_BYTES_MAX:
        raise ValueError(f"must not be longer than {EVIDENCE_BYTES_MAX} bytes: refer to where the evidence is kept")
    return value


class AdjustmentBody(Body):
    """Points to give or take."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"customer_no": "C0000001", "points": -100, "point_type": "base", "reason": "credited twice", "evidence": {"case": "20260301-17"}},
            ]
        }
    )

    customer_no: CodeField
    points: Annotated[SignedPointsField, Field(description="Positive: given; negative: taken; never 0")]
    point_type: CodeField
    reason: TextField
    evidence: Annotated[
        dict[str, Any] | list[Any] | str | None,
        AfterValidator(_small),
        Field(description=f"What shows that it is right: a text or an object, up to {EVIDENCE_BYTES_MAX} bytes"),
    ] = None
    expires_on: Annotated[DateField | None, Field(description="The last date of use of points given; never expires when null or left out")] = None


class AdjustmentShown(BaseModel):
    """An adjustment as it is now."""

    adjustment_id: str
    status: Literal["pending", "posted", "rejected"]
    customer_no: str
    points: int
    point_type: str
    reason: str
    evidence: Any
    expires_on: date | None
    made_by: str
    made_at: datetime
    checked_by: str | None
    checked_at: datetime | None


class AdjustmentsShown(BaseModel):
    items: list[AdjustmentShown]
    next_cursor: str | None


_OF_DECISIONS: Final = (Refusal.ADJUSTMENT_UNKNOWN, Refusal.MAKER_CANNOT_APPROVE, Refusal.FUNCTION_NOT_GRANTED, Refusal.ADJUSTMENT_NOT_PENDING)
_OF_POSTING: Final = (
    Refusal.CUSTOMER_UNKNOWN,
    Refusal.INSUFFICIENT_POINTS,
    Refusal.ACCOUNT_FROZEN,
    Refusal.LIMIT_EXCEEDED,
    Refusal.POINT_TYPE_UNKNOWN,
)


def adjustments_router(begin: BeginStaffWork, clock: Clock, new_id: NewId) -> APIRouter:
    """Return the routes of adjustments made one by one."""
    router = APIRouter(prefix="/v1/entities/{legal_entity}/adjustments", tags=["adjustments"])
    _add_reads(router, begin)
    make = MakeAdjustment(begin=begin, clock=clock, new_id=new_id)
    approve = ApproveAdjustment(begin=begin, clock=clock)
    reject = RejectAdjustment(begin=begin, clock=clock)

    def check_scope(legal_entity: str, adjustment_id: str, caller: Caller) -> None:
        with begin() as work:
            found = work.adjustments.find(legal_entity, adjustment_id) if caller.institutions is not None else None
        if found is not None:
            require_customer_within_scope(begin, caller, legal_entity, found.customer_no, "path.adjustment_id")

    made = documented(Refusal.CUSTOMER_UNKNOWN, Refusal.POINT_TYPE_UNKNOWN, Refusal.LIMIT_EXCEEDED)

    @router.post("", status_code=201, response_model=AdjustmentShown, responses=made)
    def post_adjustment(legal_entity: str, body: AdjustmentBody, call: Annotated[Write, writes(Function.MAKER)]) -> Response:
        """Ask that points be given or taken; nothing moves until another person has approved it. 403 `beyond-your-scope`."""
        require_customer_within_scope(begin, call.caller, legal_entity, body.customer_no, "body.customer_no")
        asked = Adjusting(
            customer_no=body.customer_no,
            points=body.points,
            point_type=body.point_type,
            reason=body.reason,
            evidence=body.evidence,
            expires_on=body.expires_on,
        )
        return respond(make(staff_call_of(call), asked), PROBLEMS, HTTPStatus.CREATED)

    @router.post("/{adjustment_id}/approve", response_model=AdjustmentShown, responses=documented(*_OF_DECISIONS, *_OF_POSTING))
    def post_approval(legal_entity: str, adjustment_id: CodeField, call: Annotated[Write, CHECKED]) -> Response:
        """Post an adjustment that somebody else made. What is taken comes from what is available, in the order of spending; frozen and held points stay.

        Refused for want of points, it stays pending.
        """
        check_scope(legal_entity, adjustment_id, call.caller)
        return respond(approve(staff_call_of(call), adjustment_id), PROBLEMS)

    @router.post("/{adjustment_id}/reject", response_model=AdjustmentShown, responses=documented(*_OF_DECISIONS))
    def post_rejection(legal_entity: str, adjustment_id: CodeField, call: Annotated[Write, CHECKED]) -> Response:
        """End an adjustment that somebody else made, without posting it."""
        check_scope(legal_entity, adjustment_id, call.caller)
        return respond(reject(staff_call_of(call), adjustment_id), PROBLEMS)

    return router


def _add_reads(router: APIRouter, begin: BeginStaffWork) -> None:
    @router.get("", response_model=AdjustmentsShown)
    def list_adjustments(
        legal_entity: str,
        page: Annotated[Page, pages(str)],
        caller: Annotated[Caller, READS],
        customer_no: Annotated[CodeField | None, Query(description="Only this customer's")] = None,
        status: AdjustmentStatus | None = None,
    ) -> Response:
        """List adjustments, newest first. 403 `beyond-your-scope`."""
        require_listed_within_scope(begin, caller, legal_entity, customer_no)
        with begin() as work:
            adjustments = work.adjustments.list_page(legal_entity, customer_no, status, page.after[0] if page.after else None, page.fetch)
        return json_response(page.answer(adjustments, key_of=lambda each: (each.adjustment_id,), show=shown_adjustment))

    @router.get("/{adjustment_id}", response_model=AdjustmentShown, responses=documented(Refusal.ADJUSTMENT_UNKNOWN))
    def get_adjustment(legal_entity: str, adjustment_id: CodeField, caller: Annotated[Caller, READS]) -> Response:
        """Show an adjustment. 403 `beyond-your-scope`."""
        found: Adjustment | None
        with begin() as work:
            found = work.adjustments.find(legal_entity, adjustment_id)
        if found is None:
            raise problem_of(Refusal.ADJUSTMENT_UNKNOWN)
        require_customer_within_scope(begin, caller, legal_entity, found.customer_no, "path.adjustment_id")
        return json_response(shown_adjustment(found))
