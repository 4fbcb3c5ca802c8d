"""What-if over HTTP: a draft rule over the stored history, in the background."""

from datetime import date, datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.responses import Response

from accrual.application.change_simulation import ChangeSimulation
from accrual.application.history import Span
from accrual.application.ports import BeginUnitOfWork
from accrual.application.refusals import Refusal
from accrual.application.rule_changes import Call
from accrual.application.show_simulations import ShowSimulations, standing
from accrual.application.start_simulation import StartSimulation
from accrual.entrypoints.http_models import CodeInPath, RuleDocument
from accrual.entrypoints.problems import PROBLEMS, documented
from accrual.entrypoints.storable import require_storable
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.answers import json_response, respond
from loyalty_shared.web.credentials import Caller, Function, Write, reads, writes
from loyalty_shared.web.models import Body, DateField
from loyalty_shared.web.pagination import Page, pages
from loyalty_shared.web.problems import INVALID_REQUEST, ProblemError, Reason


class SpanBody(Body):
    """Transaction dates: `from` included, `to` not."""

    from_on: DateField = Field(alias="from", description="The first transaction date")
    to_on: DateField = Field(alias="to", description="The transaction date after the last: not included")


class SimulationBody(SpanBody):
    """A rule to try as the newest version of its code, beside the live rules."""

    rule: RuleDocument


class SimulationStanding(BaseModel):
    """Where a simulation stands after a step."""

    simulation_id: str
    status: str = Field(description="running, done, cancelled or failed")


class ProgressShown(BaseModel):
    """How far it has come: events decided (transactions, behaviours, balances, and their refunds) of the events in the span, refunds not counted."""

    events: int
    of: int | None
    percent: int


class EffectShown(BaseModel):
    """What some rules give: points, customers who get any, and what the points cost in minor units."""

    points: int
    customers: int
    money: int


class GroupShown(BaseModel):
    """One day or institution: `points` and `after` with the draft, `before` by the live rules; `money`: what `points` cost. A refund is of its purchase's."""

    events: int
    points: int
    money: int
    before: int
    after: int
    difference: int


class DayShown(GroupShown):
    """One transaction date."""

    transaction_on: date


class InstitutionGroupShown(GroupShown):
    """One institution."""

    institution: str


class SimulationListed(SimulationStanding):
    """What was asked and how far it has come."""

    rule: dict[str, Any]
    from_on: date = Field(alias="from")
    to_on: date = Field(alias="to")
    rule_set: int
    made_by: str
    made_at: datetime
    finished_at: datetime | None
    fault: str | None
    progress: ProgressShown


class SimulationShown(SimulationListed):
    """A simulation; from `points` on only when it is done. `points`, `customers`, `money` are those with the draft, as in `after`."""

    points: int | None = None
    customers: int | None = None
    money: int | None = None
    currency: str | None = None
    cost_per_point_minor: str | None = None
    before: EffectShown | None = None
    after: EffectShown | None = None
    difference: EffectShown | None = None
    by_day: list[DayShown] | None = None
    by_institution: list[InstitutionGroupShown] | None = None


class SimulationsShown(BaseModel):
    """A page of simulations, newest first."""

    items: list[SimulationListed]
    next_cursor: str | None


def simulations_router(begin: BeginUnitOfWork, clock: Clock) -> APIRouter:
    """Return the routes of what-if runs."""
    router = APIRouter(prefix="/v1/entities/{legal_entity}/simulations", tags=["simulations"])
    _add_reads(router, ShowSimulations(begin))
    _add_writes(router, StartSimulation(begin, clock), ChangeSimulation(begin, clock))
    return router


def _add_reads(router: APIRouter, show: ShowSimulations) -> None:
    @router.get("", response_model=SimulationsShown)
    def list_simulations(legal_entity: str, page: Annotated[Page, pages(datetime, str)], caller: Annotated[Caller, reads()]) -> Response:
        """List simulations, newest first, without what they found."""
        records = show.list_page(legal_entity, page.after, page.fetch)
        return json_response(page.answer(records, key_of=lambda record: (record.made_at, record.simulation_id), show=standing))

    @router.get("/{simulation_id}", response_model=SimulationShown, responses=documented(Refusal.SIMULATION_UNKNOWN))
    def get_simulation(legal_entity: str, simulation_id: CodeInPath, caller: Annotated[Caller, reads()]) -> Response:
        """Show how far a simulation has come and, when it is done, points, customers and money with the draft and by the live rules, by day and institution."""
        found = show.find(legal_entity, simulation_id)
        if found is None:
            raise ProblemError(PROBLEMS[Refusal.SIMULATION_UNKNOWN], [Reason("path.simulation_id", "there is none of that id", "GET simulations lists them.")])
        return json_response(found)


def _add_writes(router: APIRouter, start: StartSimulation, change: ChangeSimulation) -> None:
    @router.post("", status_code=201, response_model=SimulationStanding, responses=documented(Refusal.RULE_NOT_VALID, Refusal.RULE_CONFLICT))
    def post_simulation(legal_entity: str, body: SimulationBody, call: Annotated[Write, writes(Function.MAKER)]) -> Response:
        """Decide the stored history of `from` (included) to `to` (not included), by transaction date, again with a draft rule beside the live ones.

        Each event is decided with the customer's facts it was decided with, after what was counted before it. Campaign budgets are taken to suffice.
        Nothing is posted. GET tells how far it has come.
        """
        require_storable(body.rule, "body.rule")
        return respond(start(body.rule, span_of(legal_entity, body), call_of(call)), PROBLEMS, HTTPStatus.CREATED)

    @router.post("/{simulation_id}/cancel", response_model=SimulationStanding, responses=documented(Refusal.SIMULATION_UNKNOWN, Refusal.SIMULATION_NOT_RUNNING))
    def cancel_simulation(legal_entity: str, simulation_id: CodeInPath, call: Annotated[Write, writes(Function.MAKER)]) -> Response:
        """Stop a running simulation within a second; what it found so far is kept for `resume`."""
        return respond(change.cancel(legal_entity, simulation_id, call_of(call)), PROBLEMS)

    @router.post("/{simulation_id}/resume", response_model=SimulationStanding, responses=documented(Refusal.SIMULATION_UNKNOWN, Refusal.SIMULATION_NOT_STOPPED))
    def resume_simulation(legal_entity: str, simulation_id: CodeInPath, call: Annotated[Write, writes(Function.MAKER)]) -> Response:
        """Let a cancelled or failed simulation go on from where it stopped."""
        return respond(change.resume(legal_entity, simulation_id, call_of(call)), PROBLEMS)


def span_of(legal_entity: str, body: SpanBody) -> Span:
    """Return the transaction dates that a body names. Raises ProblemError when there is none among them."""
    if body.to_on <= body.from_on:
        reason = Reason("body.to", f"{body.to_on} is not after {body.from_on}", "Name the date after the last: `to` is not included.")
        raise ProblemError(INVALID_REQUEST, [reason])
    return Span(legal_entity=legal_entity, from_on=body.from_on, to_on=body.to_on)


def call_of(call: Write) -> Call:
    """Return the write as the use cases take it."""
    return Call(idempotency=call.idempotency, credential=call.caller.credential, may_check=Function.CHECKER in call.caller.functions)
