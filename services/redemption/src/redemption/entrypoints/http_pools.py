"""Family pools over HTTP."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, model_validator
from starlette.responses import Response

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.answers import json_response, respond
from loyalty_shared.web.credentials import Caller, Function, Write, reads, writes
from loyalty_shared.web.models import Body, CodeField, PointsField, TextField
from loyalty_shared.web.pagination import Page, pages
from redemption.application.online_ports import NewId
from redemption.application.open_pool import AskPool, ClosePool, DecidePool
from redemption.application.staff_ports import BeginStaffWork
from redemption.application.staff_shown import shown_pool
from redemption.domain.pools import MEMBERS_MAX, PoolMember, PoolStatus
from redemption.domain.refusals import Refusal
from redemption.entrypoints.http_online_problems import PROBLEMS, documented, problem_of
from redemption.entrypoints.staff import CHECKED, require_customer_within_scope, require_listed_within_scope, staff_call_of

#: Channels too: they show customers whose points they may spend.
_READS: Final = reads(Function.CHANNEL, Function.MAKER, Function.CHECKER, Function.ADMIN)
_DECIDING: Final = (Refusal.POOL_UNKNOWN, Refusal.MAKER_CANNOT_APPROVE, Refusal.FUNCTION_NOT_GRANTED, Refusal.POOL_NOT_PENDING)


class MemberBody(Body):
    """Who may spend."""

    customer_no: CodeField
    limit_points_per_month: Annotated[PointsField | None, Field(description="Points in a month of business dates; no limit when left out or null")] = None


class PoolBody(Body):
    """Whose points, and who may spend them."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"owner_customer_no": "C0000001", "members": [{"customer_no": "C0000002", "limit_points_per_month": 1000}], "reason": "family"}]
        }
    )

    owner_customer_no: CodeField
    members: Annotated[list[MemberBody], Field(min_length=1, max_length=MEMBERS_MAX)]
    reason: TextField | None = None

    @model_validator(mode="after")
    def _names_each_once(self) -> "PoolBody":
        if len({member.customer_no for member in self.members}) < len(self.members):
            raise ValueError("each member is named once")
        return self


class MemberShown(BaseModel):
    customer_no: str
    limit_points_per_month: int | None


class PoolShown(BaseModel):
    """A pool as it is now; members spend from it while it is active."""

    pool_id: str
    status: Literal["pending", "active", "rejected", "closed"]
    owner_customer_no: str
    members: list[MemberShown]
    reason: str | None
    made_by: str
    made_at: datetime
    checked_by: str | None
    checked_at: datetime | None
    closed_by: str | None
    closed_at: datetime | None


class PoolsShown(BaseModel):
    items: list[PoolShown]
    next_cursor: str | None


def pools_router(begin: BeginStaffWork, clock: Clock, new_id: NewId) -> APIRouter:
    """Return the routes of family pools."""
    router = APIRouter(prefix="/v1/entities/{legal_entity}/pools", tags=["pools"])
    _add_writes(router, begin, clock, new_id)
    _add_reads(router, begin)
    return router


def _add_writes(router: APIRouter, begin: BeginStaffWork, clock: Clock, new_id: NewId) -> None:
    ask = AskPool(begin=begin, clock=clock, new_id=new_id)
    approve = DecidePool(begin=begin, clock=clock, decision=PoolStatus.ACTIVE)
    reject = DecidePool(begin=begin, clock=clock, decision=PoolStatus.REJECTED)
    close = ClosePool(begin=begin, clock=clock)

    @router.post("", status_code=201, response_model=PoolShown, responses=documented(Refusal.SAME_CUSTOMER, Refusal.CUSTOMER_UNKNOWN))
    def post_pool(legal_entity: str, body: PoolBody, call: Annotated[Write, writes(Function.MAKER)]) -> Response:
        """Ask that members may spend an owner's points (`pay_from` of reservations and redemptions); nobody does until another person has approved it.

        A limit counts what the member holds and has spent of this owner's points, by any pool, and was not given back. An owner may have several pools: of
        those that name a member the widest limit holds. To change one, ask for another and close it. 403 `beyond-your-scope`.
        """
        require_customer_within_scope(begin, call.caller, legal_entity, body.owner_customer_no, "body.owner_customer_no")
        for place, member in enumerate(body.members):
            require_customer_within_scope(begin, call.caller, legal_entity, member.customer_no, f"body.members.{place}.customer_no")
        members = [PoolMember(customer_no=member.customer_no, limit_points_per_month=member.limit_points_per_month) for member in body.members]
        return respond(ask(staff_call_of(call), body.owner_customer_no, members, body.reason), PROBLEMS, HTTPStatus.CREATED)

    @router.post("/{pool_id}/approve", response_model=PoolShown, responses=documented(*_DECIDING))
    def post_approval(legal_entity: str, pool_id: CodeField, call: Annotated[Write, CHECKED]) -> Response:
        """Let the members spend, as somebody else asked. 403 `beyond-your-scope`."""
        _require_within_scope(begin, call.caller, legal_entity, pool_id)
        return respond(approve(staff_call_of(call), pool_id), PROBLEMS)

    @router.post("/{pool_id}/reject", response_model=PoolShown, responses=documented(*_DECIDING))
    def post_rejection(legal_entity: str, pool_id: CodeField, call: Annotated[Write, CHECKED]) -> Response:
        """End a pool that somebody else asked for before anybody has spent from it. 403 `beyond-your-scope`."""
        _require_within_scope(begin, call.caller, legal_entity, pool_id)
        return respond(reject(staff_call_of(call), pool_id), PROBLEMS)

    @router.post("/{pool_id}/close", response_model=PoolShown, responses=documented(Refusal.POOL_UNKNOWN, Refusal.POOL_NOT_ACTIVE))
    def post_closing(legal_entity: str, pool_id: CodeField, call: Annotated[Write, CHECKED]) -> Response:
        """End a pool at once, for good; no second person is asked. What members hold can still be captured. 403 `beyond-your-scope`."""
        _require_within_scope(begin, call.caller, legal_entity, pool_id)
        return respond(close(staff_call_of(call), pool_id), PROBLEMS)


def _add_reads(router: APIRouter, begin: BeginStaffWork) -> None:
    @router.get("", response_model=PoolsShown)
    def list_pools(
        legal_entity: str,
        page: Annotated[Page, pages(str)],
        caller: Annotated[Caller, _READS],
        customer_no: Annotated[CodeField | None, Query(description="Only pools that this customer owns or is a member of")] = None,
    ) -> Response:
        """List pools, newest first. 403 `beyond-your-scope`."""
        require_listed_within_scope(begin, caller, legal_entity, customer_no)
        with begin() as work:
            pools = work.pools.list_page(legal_entity, customer_no, page.after[0] if page.after else None, page.fetch)
        return json_response(page.answer(pools, key_of=lambda pool: (pool.pool_id,), show=shown_pool))

    @router.get("/{pool_id}", response_model=PoolShown, responses=documented(Refusal.POOL_UNKNOWN))
    def get_pool(legal_entity: str, pool_id: CodeField, caller: Annotated[Caller, _READS]) -> Response:
        """Show a pool. 403 `beyond-your-scope`."""
        with begin() as work:
            pool = work.pools.find(legal_entity, pool_id)
        if pool is None:
            raise problem_of(Refusal.POOL_UNKNOWN)
        require_customer_within_scope(begin, caller, legal_entity, pool.owner_customer_no, "path.pool_id")
        return json_response(shown_pool(pool))


def _require_within_scope(begin: BeginStaffWork, caller: Caller, legal_entity: str, pool_id: str) -> None:
    """Raise `beyond-your-scope` when the caller may not see the owner."""
    if caller.institutions is not None:
        with begin() as work:
            pool = work.pools.find(legal_entity, pool_id)
        if pool is not None:
            require_customer_within_scope(begin, caller, legal_entity, pool.owner_customer_no, "path.pool_id")
