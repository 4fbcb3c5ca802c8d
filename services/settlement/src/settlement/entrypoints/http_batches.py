"""Batches over HTTP: made by makers, reviewed and released by checkers, and their statements."""

from collections.abc import Iterator
from datetime import date
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.responses import Response, StreamingResponse

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.kernel.ids import new_id
from loyalty_shared.persistence.connections import Database
from loyalty_shared.web.answers import json_response, respond
from loyalty_shared.web.credentials import Caller, Function, Write, reads, require_within_scope, writes
from loyalty_shared.web.models import DateField
from loyalty_shared.web.pagination import Page, pages
from loyalty_shared.web.problems import ProblemError, Reason
from settlement.adapters.batches import SqlBatches
from settlement.adapters.ledger_days import list_parties
from settlement.adapters.statements import PDF_LINES_MAX, csv_statement, pdf_statement
from settlement.adapters.unit_of_work import SqlSettlingWork, begin_on
from settlement.application.check_batch import CheckBatch
from settlement.application.make_batch import MakeBatch
from settlement.application.ports import Call
from settlement.application.refused import REASONS
from settlement.application.shown import LINES_SHOWN, shown, shown_head, shown_line
from settlement.domain.batches import Batch, Line, decide_release, decide_review, direction_of
from settlement.domain.refusals import Refusal
from settlement.entrypoints.http_models import BatchBody, BatchesShown, BatchHead, BatchShown, Format, LinesShown, PartiesShown
from settlement.entrypoints.problems import PROBLEMS, documented

READS: Final = reads(Function.MAKER, Function.CHECKER, Function.ADMIN)
#: A statement is read so many lines at a time, each part in a transaction of its own; lines never change.
_LINES_PER_READ: Final = 2_000
_STEP_REFUSALS: Final = (Refusal.BATCH_UNKNOWN, Refusal.MAKER_CANNOT_APPROVE)


def batches_router(database: Database, clock: Clock) -> APIRouter:
    """Return the routes of parties and of their batches."""
    router = APIRouter(prefix="/v1/entities/{legal_entity}", tags=["batches"])
    _add_reads(router, database)
    _add_statement(router, database)
    _add_steps(router, database, clock)
    return router


def require_whole_entity(caller: Caller) -> None:
    """Refuse a caller who may see some institutions only: a batch is of the whole entity's points."""
    require_within_scope(caller, None, "path.legal_entity")


def _add_reads(router: APIRouter, database: Database) -> None:
    @router.get("/parties", response_model=PartiesShown)
    def get_parties(legal_entity: str, page: Annotated[Page, pages(str)], caller: Annotated[Caller, READS]) -> Response:
        """List everyone whose points were ever posted, and (`redeemed:<application>`) what points were ever used in."""
        require_whole_entity(caller)
        with database.transaction() as cursor:
            parties = list_parties(cursor, legal_entity, page.after[0] if page.after else "", page.fetch)
        return json_response(page.answer(parties, key_of=lambda party: (party,), show=lambda party: {"party": party, "direction": direction_of(party)}))

    @router.get("/batches", response_model=BatchesShown)
    def get_batches(
        legal_entity: str,
        page: Annotated[Page, pages(date, str)],
        caller: Annotated[Caller, READS],
        party: Annotated[str | None, Query(max_length=200)] = None,
        business_on: DateField | None = None,
    ) -> Response:
        """List batches, by date and party."""
        require_whole_entity(caller)
        with database.transaction() as cursor:
            batches = SqlBatches(cursor).list_page(legal_entity, party=party, business_on=business_on, after=page.after, limit=page.fetch)
        return json_response(page.answer(batches, key_of=lambda batch: (batch.business_on, batch.party), show=shown_head))

    @router.get("/batches/{batch_id}", response_model=BatchShown, responses=documented(Refusal.BATCH_UNKNOWN))
    def get_batch(legal_entity: str, batch_id: str, caller: Annotated[Caller, READS]) -> Response:
        """Show a batch with its first lines."""
        require_whole_entity(caller)
        with database.transaction() as cursor:
            batches = SqlBatches(cursor)
            batch = _found(batches.find(legal_entity, batch_id))
            return json_response(shown(batch, batches.list_lines(legal_entity, batch_id, after=0, limit=LINES_SHOWN)))

    @router.get("/batches/{batch_id}/lines", response_model=LinesShown, responses=documented(Refusal.BATCH_UNKNOWN))
    def get_lines(legal_entity: str, batch_id: str, page: Annotated[Page, pages(int)], caller: Annotated[Caller, READS]) -> Response:
        """List a batch's lines: one for each entry of the ledger that spent points of the party, or gave them back."""
        require_whole_entity(caller)
        with database.transaction() as cursor:
            batches = SqlBatches(cursor)
            _found(batches.find(legal_entity, batch_id))
            lines = batches.list_lines(legal_entity, batch_id, after=page.after[0] if page.after else 0, limit=page.fetch)
        return json_response(page.answer(lines, key_of=lambda line: (line.line_no,), show=shown_line))


def _add_statement(router: APIRouter, database: Database) -> None:
    @router.get(
        "/batches/{batch_id}/statement",
        response_class=Response,
        responses={200: {"content": {"text/csv": {}, "application/pdf": {}}}, **documented(Refusal.BATCH_UNKNOWN)},
    )
    def get_statement(
        legal_entity: str, batch_id: str, caller: Annotated[Caller, READS], form: Annotated[Format, Query(alias="format")] = Format.CSV
    ) -> Response:
        """Give a batch's statement: CSV in UTF-8 with a byte order mark, or PDF with the first lines. It names no customer."""
        require_whole_entity(caller)
        with database.transaction() as cursor:
            batches = SqlBatches(cursor)
            batch = _found(batches.find(legal_entity, batch_id))
            first = batches.list_lines(legal_entity, batch_id, after=0, limit=PDF_LINES_MAX) if form is Format.PDF else []
        name = f"settlement-{batch.business_on}-{batch.batch_id}.{form}"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        if form is Format.PDF:
            return Response(pdf_statement(batch, first), media_type="application/pdf", headers=headers)
        return StreamingResponse(csv_statement(batch, _lines_of(database, batch)), media_type="text/csv; charset=utf-8", headers=headers)


def _lines_of(database: Database, batch: Batch) -> Iterator[Line]:
    after = 0
    while after < batch.lines:
        with database.transaction() as cursor:
            lines = SqlBatches(cursor).list_lines(batch.legal_entity, batch.batch_id, after=after, limit=_LINES_PER_READ)
        if not lines:
            return
        yield from lines
        after = lines[-1].line_no


def _add_steps(router: APIRouter, database: Database, clock: Clock) -> None:
    begin = begin_on(database, SqlSettlingWork)
    make = MakeBatch(begin=begin, clock=clock, new_id=new_id)
    review = CheckBatch(begin=begin, clock=clock, decide=decide_review)
    release = CheckBatch(begin=begin, clock=clock, decide=decide_release)

    @router.post(
        "/batches",
        status_code=201,
        response_model=BatchShown,
        responses=documented(Refusal.DAY_NOT_COMPLETE, Refusal.DATE_NOT_REACHED, Refusal.PARTY_UNKNOWN, Refusal.BATCH_ALREADY_MADE),
    )
    def post_batch(legal_entity: str, body: BatchBody, call: Annotated[Write, writes(Function.MAKER)]) -> Response:
        """Make a party's batch of a closed business date; a party of which nothing was used then has an empty one."""
        return respond(make(_call(call), body.party, body.business_on), PROBLEMS, HTTPStatus.CREATED)

    # A maker may call these too: the answer is then `maker-cannot-approve`, which says more than that a function is missing.
    @router.post("/batches/{batch_id}/review", response_model=BatchHead, responses=documented(*_STEP_REFUSALS, Refusal.BATCH_ALREADY_REVIEWED))
    def post_review(legal_entity: str, batch_id: str, call: Annotated[Write, writes(Function.CHECKER, Function.MAKER)]) -> Response:
        """Review a batch that somebody else made."""
        return respond(review(_call(call), batch_id), PROBLEMS)

    @router.post(
        "/batches/{batch_id}/release",
        response_model=BatchHead,
        responses=documented(*_STEP_REFUSALS, Refusal.BATCH_NOT_REVIEWED, Refusal.BATCH_ALREADY_RELEASED),
    )
    def post_release(legal_entity: str, batch_id: str, call: Annotated[Write, writes(Function.CHECKER, Function.MAKER)]) -> Response:
        """Release a reviewed batch: it may be paid."""
        return respond(release(_call(call), batch_id), PROBLEMS)


def _call(write: Write) -> Call:
    require_whole_entity(write.caller)
    return Call(idempotency=write.idempotency, credential=write.caller.credential, may_check=Function.CHECKER in write.caller.functions)


def _found(batch: Batch | None) -> Batch:
    if batch is None:
        raise ProblemError(PROBLEMS[Refusal.BATCH_UNKNOWN], [Reason(*REASONS[Refusal.BATCH_UNKNOWN])])
    return batch
