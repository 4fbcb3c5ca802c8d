"""Import of existing points over HTTP."""

import csv
import io
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter
from starlette.responses import Response, StreamingResponse

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.answers import json_response, respond
from loyalty_shared.web.credentials import Caller, Function, Write, require_within_scope, writes
from loyalty_shared.web.models import CodeField
from loyalty_shared.web.pagination import Page, pages
from redemption.application.decide_import import DecideImport
from redemption.application.import_ports import KeptImport
from redemption.application.import_shown import AUDIT_COLUMNS, audit_row, shown_import, shown_reject, shown_with_report
from redemption.application.online_ports import NewId
from redemption.application.receive_import import Importing, ReceiveImport
from redemption.application.staff_ports import BeginStaffWork
from redemption.domain.import_report import decimal_text
from redemption.domain.importing import Conversion, ImportStatus
from redemption.domain.refusals import Refusal
from redemption.entrypoints.http_import_models import ImportBody, ImportRejectsShown, ImportShown, ImportsShown
from redemption.entrypoints.http_online_problems import PROBLEMS, documented, problem_of
from redemption.entrypoints.staff import CHECKED, READS, staff_call_of

AUDITED_PER_READ: Final = 5_000

_OF_DECISIONS: Final = (Refusal.IMPORT_UNKNOWN, Refusal.MAKER_CANNOT_APPROVE, Refusal.FUNCTION_NOT_GRANTED, Refusal.IMPORT_NOT_PENDING)


def imports_router(begin: BeginStaffWork, clock: Clock, new_id: NewId) -> APIRouter:
    """Return the routes of imports of existing points."""
    router = APIRouter(prefix="/v1/entities/{legal_entity}/imports", tags=["imports"])
    _add_reads(router, begin)
    _add_lines(router, begin)
    receive = ReceiveImport(begin=begin, clock=clock, new_id=new_id)
    approve = DecideImport(begin=begin, clock=clock, decision=ImportStatus.APPROVED)
    reject = DecideImport(begin=begin, clock=clock, decision=ImportStatus.REJECTED)

    received = documented(Refusal.POINT_TYPE_UNKNOWN, Refusal.INVALID_FILE, Refusal.FILE_ALREADY_RECEIVED)

    @router.post("", status_code=201, response_model=ImportShown, responses=received)
    def post_import(legal_entity: str, body: ImportBody, call: Annotated[Write, writes(Function.MAKER)]) -> Response:
        """Send a file of points that customers had in another system, to be converted at a ratio; nothing moves until another person has approved it.

        With `trial` nothing ever does: the report says what would come of it, and the file can be sent in earnest afterwards. 403 `beyond-your-scope`.
        """
        require_within_scope(call.caller, None, "path.legal_entity")
        conversion = Conversion(body.ratio, body.rounding)
        asked = Importing(content=body.content, source=body.source, point_type=body.point_type, conversion=conversion, trial=body.trial)
        return respond(receive(staff_call_of(call), asked), PROBLEMS, HTTPStatus.CREATED)

    @router.post("/{import_id}/approve", response_model=ImportShown, responses=documented(*_OF_DECISIONS))
    def post_approval(legal_entity: str, import_id: CodeField, call: Annotated[Write, CHECKED]) -> Response:
        """Approve an import that somebody else made: it is posted from now on, and `posted` when that is done. 403 `beyond-your-scope`."""
        require_within_scope(call.caller, None, "path.legal_entity")
        return respond(approve(staff_call_of(call), import_id), PROBLEMS)

    @router.post("/{import_id}/reject", response_model=ImportShown, responses=documented(*_OF_DECISIONS))
    def post_rejection(legal_entity: str, import_id: CodeField, call: Annotated[Write, CHECKED]) -> Response:
        """End an import that somebody else made, without posting it; its file may come again. 403 `beyond-your-scope`."""
        require_within_scope(call.caller, None, "path.legal_entity")
        return respond(reject(staff_call_of(call), import_id), PROBLEMS)

    return router


def _add_reads(router: APIRouter, begin: BeginStaffWork) -> None:
    @router.get("", response_model=ImportsShown)
    def list_imports(legal_entity: str, page: Annotated[Page, pages(str)], caller: Annotated[Caller, READS], status: ImportStatus | None = None) -> Response:
        """List the imports and trials, newest first. 403 `beyond-your-scope`."""
        require_within_scope(caller, None, "path.legal_entity")
        with begin() as work:
            imports = work.imports.list_page(legal_entity, status, page.after[0] if page.after else None, page.fetch)
        return json_response(page.answer(imports, key_of=lambda kept: (kept.import_id,), show=shown_import))

    @router.get("/{import_id}", response_model=ImportShown, responses=documented(Refusal.IMPORT_UNKNOWN))
    def get_import(legal_entity: str, import_id: CodeField, caller: Annotated[Caller, READS]) -> Response:
        """Show an import with its reconciliation report, as it stands now. 403 `beyond-your-scope`."""
        require_within_scope(caller, None, "path.legal_entity")
        with begin() as work:
            kept = work.imports.find(legal_entity, import_id)
            sums = work.imports.sums(legal_entity, kept) if kept is not None else None
        if kept is None or sums is None:
            raise problem_of(Refusal.IMPORT_UNKNOWN)
        return json_response(shown_with_report(kept, sums))


def _add_lines(router: APIRouter, begin: BeginStaffWork) -> None:
    @router.get("/{import_id}/rejects", response_model=ImportRejectsShown, responses=documented(Refusal.IMPORT_UNKNOWN))
    def list_rejects(legal_entity: str, import_id: CodeField, page: Annotated[Page, pages(int)], caller: Annotated[Caller, READS]) -> Response:
        """List the lines that are not posted, in their order, each with its number and why. 403 `beyond-your-scope`."""
        _found(begin, caller, legal_entity, import_id)
        with begin() as work:
            rejected = work.imports.list_rejected(legal_entity, import_id, page.after[0] if page.after else 0, page.fetch)
        return json_response(page.answer(rejected, key_of=lambda line: (line.line_no,), show=shown_reject))

    @router.get("/{import_id}/audit.csv", response_class=StreamingResponse, responses=documented(Refusal.IMPORT_UNKNOWN))
    def get_audit_file(legal_entity: str, import_id: CodeField, caller: Annotated[Caller, READS]) -> StreamingResponse:
        """Return the audit file: for every line of the file its customer's old points, ratio, rounding, new points and entry. 403 `beyond-your-scope`."""
        kept = _found(begin, caller, legal_entity, import_id)
        return StreamingResponse(_audit_of(begin, legal_entity, kept), media_type="text/csv; charset=utf-8")


def _found(begin: BeginStaffWork, caller: Caller, legal_entity: str, import_id: str) -> KeptImport:
    require_within_scope(caller, None, "path.legal_entity")
    with begin() as work:
        kept = work.imports.find(legal_entity, import_id)
    if kept is None:
        raise problem_of(Refusal.IMPORT_UNKNOWN)
    return kept


def _audit_of(begin: BeginStaffWork, legal_entity: str, kept: KeptImport) -> Iterator[str]:
    yield _written([AUDIT_COLUMNS])
    after = 0
    while True:
        with begin() as work:
            audited = work.imports.list_audited(legal_entity, kept.import_id, after, AUDITED_PER_READ)
        if not audited:
            return
        yield _written([audit_row(kept, each, decimal_text(kept.conversion.exactly(each.line.old_points))) for each in audited])
        after = audited[-1].line.line_no


def _written(rows: Sequence[Sequence[object]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
