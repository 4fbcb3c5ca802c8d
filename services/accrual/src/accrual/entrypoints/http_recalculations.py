"""Recalculations over HTTP: asked for by a maker, approved by a checker, carried out in the background."""

from datetime import date, datetime
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.responses import Response

from accrual.application.ask_recalculation import AskRecalculation, CheckRecalculation
from accrual.application.ports import BeginUnitOfWork
from accrual.application.refusals import Refusal
from accrual.application.show_recalculations import ShowRecalculations, shown
from accrual.entrypoints.http_models import CodeInPath
from accrual.entrypoints.http_simulations import ProgressShown, SpanBody, call_of, span_of
from accrual.entrypoints.problems import PROBLEMS, documented
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.answers import json_response, respond
from loyalty_shared.web.credentials import Caller, Function, Write, reads, writes
from loyalty_shared.web.models import CodeField, TextField
from loyalty_shared.web.pagination import Page, pages
from loyalty_shared.web.problems import ProblemError, Reason

CUSTOMERS_MAX: Final = 10_000


class RecalculationBody(SpanBody):
    """Why, and of whom; no `customers`, or null: of all."""

    reason: TextField
    customers: list[CodeField] | None = Field(default=None, min_length=1, max_length=CUSTOMERS_MAX)


class RecalculationStanding(BaseModel):
    """Where a recalculation stands after a step."""

    recalculation_id: str
    status: str = Field(description="pending, running, done, rejected or failed")


class TotalsShown(BaseModel):
    """Events decided anew (refunds not counted), those whose points changed, and the points given and taken."""

    events: int
    changed: int
    points_given: int
    points_taken: int


class RecalculationShown(RecalculationStanding):
    """What was asked and approved, how far it has come, and what it posted. `rule_set`: the rules in force when it was approved, which decide."""

    from_on: date = Field(alias="from")
    to_on: date = Field(alias="to")
    customers: list[str] | None
    reason: str
    made_by: str
    made_at: datetime
    checked_by: str | None
    checked_at: datetime | None
    rule_set: int | None
    finished_at: datetime | None
    fault: str | None
    progress: ProgressShown
    totals: TotalsShown


class RecalculationsShown(BaseModel):
    """A page of recalculations, newest first."""

    items: list[RecalculationShown]
    next_cursor: str | None


def recalculations_router(begin: BeginUnitOfWork, clock: Clock) -> APIRouter:
    """Return the routes of recalculations."""
    router = APIRouter(prefix="/v1/entities/{legal_entity}/recalculations", tags=["recalculations"])
    _add_reads(router, ShowRecalculations(begin))
    _add_writes(router, AskRecalculation(begin, clock), CheckRecalculation(begin, clock))
    return router


def _add_reads(router: APIRouter, show: ShowRecalculations) -> None:
    @router.get("", response_model=RecalculationsShown)
    def list_recalculations(legal_entity: str, page: Annotated[Page, pages(datetime, str)], caller: Annotated[Caller, reads()]) -> Response:
        """List recalculations, newest first."""
        records = show.list_page(legal_entity, page.after, page.fetch)
        return json_response(page.answer(records, key_of=lambda record: (record.made_at, record.recalculation_id), show=shown))

    @router.get("/{recalculation_id}", response_model=RecalculationShown, responses=documented(Refusal.RECALCULATION_UNKNOWN))
    def get_recalculation(legal_entity: str, recalculation_id: CodeInPath, caller: Annotated[Caller, reads()]) -> Response:
        """Show how far a recalculation has come and what it has posted."""
        found = show.find(legal_entity, recalculation_id)
        if found is None:
            reason = Reason("path.recalculation_id", "there is none of that id", "GET recalculations lists them.")
            raise ProblemError(PROBLEMS[Refusal.RECALCULATION_UNKNOWN], [reason])
        return json_response(found)


def _add_writes(router: APIRouter, ask: AskRecalculation, check: CheckRecalculation) -> None:
    @router.post("", status_code=201, response_model=RecalculationStanding)
    def post_recalculation(legal_entity: str, body: RecalculationBody, call: Annotated[Write, writes(Function.MAKER)]) -> Response:
        """Ask that what happened from `from` (included) to `to` (not included), by transaction date, be decided anew once a checker approves.

        Each customer's events are decided in order of transaction time, with the rules in force at the approval and the facts as they have arrived; their
        limits are counted again, and refunds take again. Only differences are posted; the same range a second time posts nothing.
        """
        return respond(ask(span_of(legal_entity, body), body.reason, body.customers, call_of(call)), PROBLEMS, HTTPStatus.CREATED)

    # A maker may call approve too: the answer is then `maker-cannot-approve`, which says more than that a function is missing.
    @router.post(
        "/{recalculation_id}/approve",
        response_model=RecalculationStanding,
        responses=documented(Refusal.RECALCULATION_UNKNOWN, Refusal.RECALCULATION_NOT_PENDING, Refusal.MAKER_CANNOT_APPROVE),
    )
    def approve_recalculation(legal_entity: str, recalculation_id: CodeInPath, call: Annotated[Write, writes(Function.CHECKER, Function.MAKER)]) -> Response:
        """Approve what somebody else asked for: it begins at once, in the background, and goes on after any restart."""
        return respond(check.approve(legal_entity, recalculation_id, call_of(call)), PROBLEMS)

    @router.post(
        "/{recalculation_id}/reject",
        response_model=RecalculationStanding,
        responses=documented(Refusal.RECALCULATION_UNKNOWN, Refusal.RECALCULATION_NOT_PENDING),
    )
    def reject_recalculation(legal_entity: str, recalculation_id: CodeInPath, call: Annotated[Write, writes(Function.CHECKER)]) -> Response:
        """Reject a pending recalculation."""
        return respond(check.reject(legal_entity, recalculation_id, call_of(call)), PROBLEMS)
