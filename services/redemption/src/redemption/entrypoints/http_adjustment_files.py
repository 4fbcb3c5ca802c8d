"""Files of adjustments over HTTP."""

import csv
import io
from collections.abc import Iterator
from datetime import date, datetime
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field, StringConstraints
from starlette.responses import Response, StreamingResponse

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.answers import json_response, respond
from loyalty_shared.web.credentials import Caller, Function, Write, require_within_scope, writes
from loyalty_shared.web.models import Body, CodeField
from loyalty_shared.web.pagination import Page, pages
from redemption.application.adjustment_file_ports import FileStatus, KeptFile
from redemption.application.decide_adjustment_file import DecideAdjustmentFile
from redemption.application.online_ports import NewId
from redemption.application.receive_adjustment_file import ReceiveAdjustmentFile
from redemption.application.staff_ports import BeginStaffWork
from redemption.application.staff_shown import shown_file
from redemption.domain.adjustment_file import RejectedLine
from redemption.domain.controlled_file import LINES_MAX
from redemption.domain.refusals import Refusal
from redemption.entrypoints.http_online_problems import PROBLEMS, documented, problem_of
from redemption.entrypoints.staff import CHECKED, READS, staff_call_of

#: A line of a full file has 160 characters on average then.
CONTENT_LENGTH_MAX: Final = LINES_MAX * 160
REJECTS_PER_READ: Final = 5_000


class AdjustmentFileBody(Body):
    """A file of adjustments; its format is in the service's README."""

    content: Annotated[
        str,
        StringConstraints(strict=True, min_length=1, max_length=CONTENT_LENGTH_MAX),
        Field(examples=["H,1,001,ADJ-20260301-1,2026-03-01\nD,1,C0000001,100,base,2027-12-31,goodwill\nD,2,C0000002,-50,base,,credited twice\nT,2,100,50\n"]),
    ]
    all_or_nothing: Annotated[bool, Field(strict=True, description="One bad line refuses the file; else bad lines are set aside and the others posted")] = False


class AdjustmentFileShown(BaseModel):
    """A file as it is now. `refused`: all or nothing, and a line was bad. `lines`, `points_*`: of its good lines; `posted_*`: so far."""

    file_id: str
    file_no: str
    status: Literal["pending", "approved", "posted", "rejected", "refused"]
    made_on: date
    all_or_nothing: bool
    lines: int
    points_given: int
    points_taken: int
    lines_posted: int
    lines_rejected: int
    posted_given: int
    posted_taken: int
    made_by: str
    made_at: datetime
    checked_by: str | None
    checked_at: datetime | None
    ended_at: datetime | None


class AdjustmentFilesShown(BaseModel):
    items: list[AdjustmentFileShown]
    next_cursor: str | None


class RejectShown(BaseModel):
    """A line that is not posted: where in the file, why, in words, and as it was sent."""

    line_no: int
    code: str
    fault: str
    line: str


class RejectsShown(BaseModel):
    items: list[RejectShown]
    next_cursor: str | None


_OF_DECISIONS: Final = (Refusal.FILE_UNKNOWN, Refusal.MAKER_CANNOT_APPROVE, Refusal.FUNCTION_NOT_GRANTED, Refusal.FILE_NOT_PENDING)


def adjustment_files_router(begin: BeginStaffWork, clock: Clock, new_id: NewId) -> APIRouter:
    """Return the routes of files of adjustments."""
    router = APIRouter(prefix="/v1/entities/{legal_entity}/adjustment-files", tags=["adjustments"])
    _add_reads(router, begin)
    _add_rejects(router, begin)
    receive = ReceiveAdjustmentFile(begin=begin, clock=clock, new_id=new_id)
    approve = DecideAdjustmentFile(begin=begin, clock=clock, decision=FileStatus.APPROVED)
    reject = DecideAdjustmentFile(begin=begin, clock=clock, decision=FileStatus.REJECTED)

    received = documented(Refusal.INVALID_FILE, Refusal.FILE_ALREADY_RECEIVED)

    @router.post("", status_code=201, response_model=AdjustmentFileShown, responses=received)
    def post_file(legal_entity: str, body: AdjustmentFileBody, call: Annotated[Write, writes(Function.MAKER)]) -> Response:
        """Send a file of adjustments; nothing moves until another person has approved it. Its bad lines are at `/rejects`. 403 `beyond-your-scope`."""
        require_within_scope(call.caller, None, "path.legal_entity")
        return respond(receive(staff_call_of(call), body.content, all_or_nothing=body.all_or_nothing), PROBLEMS, HTTPStatus.CREATED)

    @router.post("/{file_id}/approve", response_model=AdjustmentFileShown, responses=documented(*_OF_DECISIONS))
    def post_approval(legal_entity: str, file_id: CodeField, call: Annotated[Write, CHECKED]) -> Response:
        """Approve a file that somebody else made: it is posted from now on, and `posted` when that is done. 403 `beyond-your-scope`."""
        require_within_scope(call.caller, None, "path.legal_entity")
        return respond(approve(staff_call_of(call), file_id), PROBLEMS)

    @router.post("/{file_id}/reject", response_model=AdjustmentFileShown, responses=documented(*_OF_DECISIONS))
    def post_rejection(legal_entity: str, file_id: CodeField, call: Annotated[Write, CHECKED]) -> Response:
        """End a file that somebody else made, without posting it. 403 `beyond-your-scope`."""
        require_within_scope(call.caller, None, "path.legal_entity")
        return respond(reject(staff_call_of(call), file_id), PROBLEMS)

    return router


def _add_reads(router: APIRouter, begin: BeginStaffWork) -> None:
    @router.get("", response_model=AdjustmentFilesShown)
    def list_files(legal_entity: str, page: Annotated[Page, pages(str)], caller: Annotated[Caller, READS], status: FileStatus | None = None) -> Response:
        """List the files, newest first. 403 `beyond-your-scope`."""
        require_within_scope(caller, None, "path.legal_entity")
        with begin() as work:
            files = work.files.list_page(legal_entity, status, page.after[0] if page.after else None, page.fetch)
        return json_response(page.answer(files, key_of=lambda file: (file.file_id,), show=shown_file))

    @router.get("/{file_id}", response_model=AdjustmentFileShown, responses=documented(Refusal.FILE_UNKNOWN))
    def get_file(legal_entity: str, file_id: CodeField, caller: Annotated[Caller, READS]) -> Response:
        """Show a file, and how far it has been posted. 403 `beyond-your-scope`."""
        return json_response(shown_file(_found(begin, caller, legal_entity, file_id)))


def _add_rejects(router: APIRouter, begin: BeginStaffWork) -> None:
    @router.get("/{file_id}/rejects", response_model=RejectsShown, responses=documented(Refusal.FILE_UNKNOWN))
    def list_rejects(legal_entity: str, file_id: CodeField, page: Annotated[Page, pages(int)], caller: Annotated[Caller, READS]) -> Response:
        """List the lines that are not posted, in their order, each with its number and why. 403 `beyond-your-scope`."""
        _found(begin, caller, legal_entity, file_id)
        with begin() as work:
            rejected = work.files.list_rejects(legal_entity, file_id, page.after[0] if page.after else 0, page.fetch)
        return json_response(page.answer(rejected, key_of=lambda line: (line.line_no,), show=lambda line: line._asdict()))

    @router.get("/{file_id}/rejects.csv", response_class=StreamingResponse, responses=documented(Refusal.FILE_UNKNOWN))
    def get_reject_file(legal_entity: str, file_id: CodeField, caller: Annotated[Caller, READS]) -> StreamingResponse:
        """Return the reject file: `line_no,code,fault,line`, all lines that are not posted. 403 `beyond-your-scope`."""
        _found(begin, caller, legal_entity, file_id)
        return StreamingResponse(_csv_of(begin, legal_entity, file_id), media_type="text/csv; charset=utf-8")


def _found(begin: BeginStaffWork, caller: Caller, legal_entity: str, file_id: str) -> KeptFile:
    require_within_scope(caller, None, "path.legal_entity")
    with begin() as work:
        file = work.files.find(legal_entity, file_id)
    if file is None:
        raise problem_of(Refusal.FILE_UNKNOWN)
    return file


def _csv_of(begin: BeginStaffWork, legal_entity: str, file_id: str) -> Iterator[str]:
    yield _written([RejectedLine._fields])
    after = 0
    while True:
        with begin() as work:
            rejected = work.files.list_rejects(legal_entity, file_id, after, REJECTS_PER_READ)
        if not rejected:
            return
        yield _written(rejected)
        after = rejected[-1].line_no


def _written(rows: Any) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
