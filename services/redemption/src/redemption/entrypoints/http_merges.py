"""Merges of customer numbers over HTTP."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.answers import json_response, respond
from loyalty_shared.web.credentials import Caller, Function, Write, reads, writes
from loyalty_shared.web.models import Body, CodeField, TextField
from loyalty_shared.web.pagination import Page, pages
from redemption.application.decide_merge import ApproveMerge, RejectMerge
from redemption.application.make_merge import MakeMerge, Merging
from redemption.application.online_ports import NewId
from redemption.application.staff_ports import BeginStaffWork
from redemption.application.staff_shown import shown_merge
from redemption.application.undo_merge import UndoMerge
from redemption.domain.refusals import Refusal
from redemption.entrypoints.http_online_problems import PROBLEMS, documented, problem_of
from redemption.entrypoints.staff import require_customer_within_scope, require_listed_within_scope, staff_call_of

_READS: Final = reads(Function.MAKER, Function.CHECKER, Function.ADMIN)
#: Makers may decide too: the answer is then `maker-cannot-approve`, which says more than that a function is missing.
_Staff = Annotated[Write, writes(Function.MAKER, Function.CHECKER)]


class MergeBody(Body):
    """Two numbers of one customer; `into_customer_no` is to answer for both."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"from_customer_no": "C0000002", "into_customer_no": "C0000001", "reason": "the same person, opened twice"}]}
    )

    from_customer_no: CodeField
    into_customer_no: CodeField
    reason: TextField


class MergeShown(BaseModel):
    """A merge. `undo-pending`: it holds, and its undoing waits for a checker."""

    merge_id: str
    status: Literal["pending", "rejected", "merged", "undo-pending", "undone"]
    from_customer_no: str
    into_customer_no: str
    reason: str
    made_by: str
    made_at: datetime
    decided_by: str | None
    merged_at: datetime | None
    undo_asked_by: str | None
    undone_by: str | None
    undone_at: datetime | None


class MergesShown(BaseModel):
    items: list[MergeShown]
    next_cursor: str | None


def merges_router(begin: BeginStaffWork, clock: Clock, new_id: NewId) -> APIRouter:
    """Return the routes of merges."""
    router = APIRouter(prefix="/v1/entities/{legal_entity}/merges", tags=["merges"])
    _add_writes(router, begin, clock, new_id)
    _add_reads(router, begin)
    return router


def _add_writes(router: APIRouter, begin: BeginStaffWork, clock: Clock, new_id: NewId) -> None:
    make = MakeMerge(begin=begin, clock=clock, new_id=new_id)
    approve = ApproveMerge(begin=begin, clock=clock)
    reject = RejectMerge(begin=begin, clock=clock)
    undo = UndoMerge(begin=begin, clock=clock)
    deciding = (Refusal.MERGE_UNKNOWN, Refusal.MAKER_CANNOT_APPROVE, Refusal.FUNCTION_NOT_GRANTED, Refusal.MERGE_NOT_PENDING)

    asking = documented(Refusal.SAME_CUSTOMER, Refusal.CUSTOMER_UNKNOWN, Refusal.ALREADY_MERGED)

    @router.post("", status_code=201, response_model=MergeShown, responses=asking)
    def post_merge(legal_entity: str, body: MergeBody, call: Annotated[Write, writes(Function.MAKER)]) -> Response:
        """Ask that two numbers become one; nothing moves until a checker approves it.

        Then the surviving number answers for both: calls that name the old one act on its account, points that the old one earns are posted to it, limits
        count for it. A number that was merged is not merged again, nor merged into; a survivor may be merged further, with all it answers for.
        """
        _require_both_within_scope(begin, call.caller, legal_entity, body.from_customer_no, body.into_customer_no)
        asked = Merging(from_customer_no=body.from_customer_no, into_customer_no=body.into_customer_no, reason=body.reason)
        return respond(make(staff_call_of(call), asked), PROBLEMS, HTTPStatus.CREATED)

    @router.post("/{merge_id}/approve", response_model=MergeShown, responses=documented(*deciding, Refusal.ALREADY_MERGED, Refusal.MERGE_NOT_IN_FORCE))
    def post_approve(legal_entity: str, merge_id: CodeField, call: _Staff) -> Response:
        """Merge, or undo, as somebody else asked."""
        _require_known_within_scope(begin, call.caller, legal_entity, merge_id)
        return respond(approve(staff_call_of(call), merge_id), PROBLEMS)

    @router.post("/{merge_id}/reject", response_model=MergeShown, responses=documented(*deciding))
    def post_reject(legal_entity: str, merge_id: CodeField, call: _Staff) -> Response:
        """Do not merge; or, of a merge whose undoing was asked for, let it stand."""
        _require_known_within_scope(begin, call.caller, legal_entity, merge_id)
        return respond(reject(staff_call_of(call), merge_id), PROBLEMS)

    @router.post("/{merge_id}/undo", response_model=MergeShown, responses=documented(Refusal.MERGE_UNKNOWN, Refusal.MERGE_NOT_IN_FORCE))
    def post_undo(legal_entity: str, merge_id: CodeField, call: _Staff) -> Response:
        """Undo a merge: at once for a checker who did not ask for it; a maker asks (`undo-pending`), and a checker approves.

        What came by the old number goes back to its own account, less what was spent by it; what the survivor no longer has becomes the survivor's arrears.
        """
        _require_known_within_scope(begin, call.caller, legal_entity, merge_id)
        return respond(undo(staff_call_of(call), merge_id), PROBLEMS)


def _add_reads(router: APIRouter, begin: BeginStaffWork) -> None:
    @router.get("", response_model=MergesShown)
    def list_merges(
        legal_entity: str,
        page: Annotated[Page, pages(str)],
        caller: Annotated[Caller, _READS],
        customer_no: Annotated[CodeField | None, Query(description="Only merges of this number, either side")] = None,
    ) -> Response:
        """List merges, newest first. 403 `beyond-your-scope`."""
        require_listed_within_scope(begin, caller, legal_entity, customer_no)
        with begin() as work:
            merges = work.merges.list_page(legal_entity, customer_no, page.after[0] if page.after else None, page.fetch)
        return json_response(page.answer(merges, key_of=lambda merge: (merge.merge_id,), show=shown_merge))

    @router.get("/{merge_id}", response_model=MergeShown, responses=documented(Refusal.MERGE_UNKNOWN))
    def get_merge(legal_entity: str, merge_id: CodeField, caller: Annotated[Caller, _READS]) -> Response:
        """Show a merge. 403 `beyond-your-scope`."""
        with begin() as work:
            merge = work.merges.find(legal_entity, merge_id)
        if merge is None:
            raise problem_of(Refusal.MERGE_UNKNOWN)
        _require_both_within_scope(begin, caller, legal_entity, merge.from_customer_no, merge.into_customer_no)
        return json_response(shown_merge(merge))


def _require_known_within_scope(begin: BeginStaffWork, caller: Caller, legal_entity: str, merge_id: str) -> None:
    if caller.institutions is not None:
        with begin() as work:
            merge = work.merges.find(legal_entity, merge_id)
        if merge is not None:
            _require_both_within_scope(begin, caller, legal_entity, merge.from_customer_no, merge.into_customer_no)


def _require_both_within_scope(begin: BeginStaffWork, caller: Caller, legal_entity: str, from_customer_no: str, into_customer_no: str) -> None:
    require_customer_within_scope(begin, caller, legal_entity, from_customer_no, "body.from_customer_no")
    require_customer_within_scope(begin, caller, legal_entity, into_customer_no, "body.into_customer_no")
