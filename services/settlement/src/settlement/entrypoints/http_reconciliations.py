"""Reconciliation over HTTP: whether settlement ties to the ledger, date by date, and where it does not."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter
from starlette.responses import Response

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.persistence.connections import Database
from loyalty_shared.web.answers import json_response
from loyalty_shared.web.credentials import Caller
from loyalty_shared.web.pagination import Page, pages
from loyalty_shared.web.problems import ProblemError, Reason
from settlement.adapters.unit_of_work import SqlSettlingWork, begin_on
from settlement.application.check_books import CheckBooks
from settlement.application.reconcile_day import ReconcileDay
from settlement.application.refused import REASONS
from settlement.domain.reconciliation import Check, Reconciliation
from settlement.domain.refusals import Refusal
from settlement.entrypoints.http_batches import READS, require_whole_entity
from settlement.entrypoints.http_models import BreaksShown, DateInPath, InvariantsShown, ReconciliationShown
from settlement.entrypoints.problems import PROBLEMS, documented


def reconciliations_router(database: Database, clock: Clock) -> APIRouter:
    """Return the routes that check settlement against the ledger. They compute anew and write nothing."""
    router = APIRouter(prefix="/v1/entities/{legal_entity}", tags=["reconciliation"])
    begin = begin_on(database, SqlSettlingWork)
    reconcile, check_books = ReconcileDay(begin), CheckBooks(begin, clock)
    refusals = documented(Refusal.DAY_NOT_COMPLETE, Refusal.DATE_NOT_REACHED)

    @router.get("/reconciliations/{business_on}", response_model=ReconciliationShown, responses=refusals)
    def get_reconciliation(legal_entity: str, business_on: DateInPath, caller: Annotated[Caller, READS]) -> Response:
        """Hold settlement's figures of a closed date against those the ledger closed it with, and each batch against its lines and the ledger."""
        require_whole_entity(caller)
        done = _done(reconcile(legal_entity, business_on))
        return json_response(
            {
                "business_on": done.business_on,
                "status": done.standing,
                "checks": [_check(check) for check in done.checks],
                "breaks": len(done.breaks),
                "without_batch": done.without_batch,
            }
        )

    @router.get("/reconciliations/{business_on}/breaks", response_model=BreaksShown, responses=refusals)
    def get_breaks_of_date(legal_entity: str, business_on: DateInPath, caller: Annotated[Caller, READS]) -> Response:
        """List the figures of a closed date that differ."""
        require_whole_entity(caller)
        done = _done(reconcile(legal_entity, business_on))
        return json_response({"items": [_break(done.business_on, check) for check in done.breaks], "next_cursor": None})

    @router.get("/breaks", response_model=BreaksShown)
    def get_breaks(legal_entity: str, page: Annotated[Page, pages(date)], caller: Annotated[Caller, READS]) -> Response:
        """List the figures that differ, newest date first. A page looks at `limit` closed dates, so it may be empty and have a next one."""
        require_whole_entity(caller)
        dates = check_books.list_closed(legal_entity, before=page.after[0] if page.after else None, limit=page.fetch)
        shown = page.answer(dates, key_of=lambda on: (on,), show=lambda on: on)
        items = [_break(on, check) for on in shown["items"] for check in _done(reconcile(legal_entity, on)).breaks]
        return json_response({"items": items, "next_cursor": shown["next_cursor"]})

    @router.get("/invariants", response_model=InvariantsShown)
    def get_invariants(legal_entity: str, caller: Annotated[Caller, READS]) -> Response:
        """Check now what must always hold of settlement, and show how often it does not: 0 everywhere."""
        return json_response({"items": check_books(legal_entity), "next_cursor": None})

    return router


def _done(reconciliation: Reconciliation | Refusal) -> Reconciliation:
    if isinstance(reconciliation, Refusal):
        raise ProblemError(PROBLEMS[reconciliation], [Reason(*REASONS[reconciliation])])
    return reconciliation


def _check(check: Check) -> dict[str, Any]:
    return {"name": check.name, "settlement": check.settlement, "ledger": check.ledger, "difference": check.difference}


def _break(business_on: date, check: Check) -> dict[str, Any]:
    return {"business_on": business_on, **_check(check)}
