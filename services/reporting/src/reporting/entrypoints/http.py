"""Reports over HTTP: which there are, each as JSON, CSV, XLSX or PDF, those that were made for closed days, and whether the mart ties to the ledger."""

from collections.abc import Callable
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from starlette.responses import Response

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.observability.metrics import Metrics
from loyalty_shared.persistence.connections import Database
from loyalty_shared.persistence.entity_dates import UnknownEntity, find_entity
from loyalty_shared.web import problems
from loyalty_shared.web.answers import json_response
from loyalty_shared.web.credentials import Caller, Function, reads
from loyalty_shared.web.models import DateField
from loyalty_shared.web.pagination import Page, pages
from loyalty_shared.web.problems import ProblemError, Reason
from reporting.adapters.documents import PDF_ROWS_MAX, csv_of, pdf_of, xlsx_of
from reporting.adapters.invariants import check_invariants
from reporting.adapters.mart_queries import find_made, list_made
from reporting.application.show_report import Refused, ShowReport, Wanted
from reporting.domain.catalogue import CATALOGUE, DIMENSION_NAMES, Code, Definition, Dimension
from reporting.domain.periods import PERIOD_DAYS_MAX, PeriodBackwards, PeriodTooLong
from reporting.domain.refusals import Refusal
from reporting.domain.report import Report, document_of
from reporting.entrypoints.problems import documented, problem_of
from reporting.metrics import REPORTS

_READS_REPORTS: Final = reads(Function.MAKER, Function.CHECKER, Function.ADMIN)
_CODE_LENGTH_MAX: Final = 64


class Format(StrEnum):
    """In what form a report is given."""

    JSON = "json"
    CSV = "csv"
    XLSX = "xlsx"
    PDF = "pdf"


_FILES: Final[dict[Format, tuple[str, Callable[[Report], bytes]]]] = {
    Format.CSV: ("text/csv; charset=utf-8", csv_of),
    Format.XLSX: ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", xlsx_of),
    Format.PDF: ("application/pdf", pdf_of),
}
_FILE_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The report; its columns are the dimensions of `group_by`, then the measures that GET reports names",
        "content": {media_type.partition(";")[0]: {"schema": {"type": "string", "format": "binary"}} for media_type, _ in _FILES.values()},
    }
}


def reports_router(show_report: ShowReport, database: Database, clock: Clock, metrics: Metrics) -> APIRouter:
    """Return the routes of reports."""
    router = APIRouter(prefix="/v1/entities/{legal_entity}")
    _add_reports(router, show_report, metrics)
    _add_made(router, database)
    _add_books(router, database, clock)
    return router


def _add_reports(router: APIRouter, show_report: ShowReport, metrics: Metrics) -> None:
    @router.get("/reports", tags=["reports"])
    def list_reports(legal_entity: str, caller: Annotated[Caller, _READS_REPORTS]) -> Response:
        """List the reports: names, parameters, what they can be grouped by, columns and formats."""
        return json_response({"items": [_shown(definition) for definition in CATALOGUE.values()], "next_cursor": None})

    @router.get(
        "/reports/{code}",
        tags=["reports"],
        responses=_FILE_RESPONSES
        | documented(
            Refusal.REPORT_UNKNOWN,
            Refusal.INSTITUTION_UNKNOWN,
            Refusal.DAY_NOT_COMPLETE,
            Refusal.MART_DOES_NOT_TIE,
            Refusal.BEYOND_YOUR_SCOPE,
            Refusal.REPORT_TOO_LARGE,
        ),
    )
    def get_report(
        legal_entity: str,
        code: str,
        caller: Annotated[Caller, _READS_REPORTS],
        start: Annotated[
            DateField | None,
            Query(alias="from", description="First business date, included. Left out: the day before `to`; without `to`, the last complete day"),
        ] = None,
        end: Annotated[
            DateField | None,
            Query(alias="to", description="The date after the last: not included. Equal to `from`, or left out: the one day `from`"),
        ] = None,
        institution: Annotated[
            str | None, Query(min_length=1, max_length=_CODE_LENGTH_MAX, description="Only this institution's points, and those of all below it in the tree")
        ] = None,
        group_by: Annotated[str | None, Query(max_length=200, description="Dimensions, separated by commas; GET reports lists each report's")] = None,
        format: Annotated[Format, Query(description="json; csv has no totals; xlsx; pdf")] = Format.JSON,
    ) -> Response:
        """Give a report of complete days; each total equals the ledger's. A caller whose credential names institutions sees theirs and those below them."""
        definition = _definition(code)
        wanted = Wanted(
            legal_entity=legal_entity,
            code=definition.code,
            start=start,
            end=end,
            institution=institution,
            group_by=_dimensions(definition, group_by),
            scope=caller.institutions,
        )
        report = _asked(show_report, wanted)
        if isinstance(report, Report) and format is Format.PDF and len(report.rows) > PDF_ROWS_MAX:
            report = Refused(Refusal.REPORT_TOO_LARGE, f"{len(report.rows)}, where a PDF has at most {PDF_ROWS_MAX},")
        outcome = report.refusal.value if isinstance(report, Refused) else "given"
        metrics.counter(REPORTS).labels(report=definition.code.value, format=format.value, outcome=outcome).inc()
        if isinstance(report, Refused):
            raise problem_of(report.refusal, report.about)
        return _response(report, format)


def _add_made(router: APIRouter, database: Database) -> None:
    @router.get("/made-reports", tags=["reports"])
    def list_made_reports(legal_entity: str, caller: Annotated[Caller, _READS_REPORTS], page: Annotated[Page, pages(date, str)]) -> Response:
        """List the reports that were made for closed days, by date."""
        _require_whole_entity(caller)
        with database.transaction() as cursor:
            made = list_made(cursor, legal_entity, page.after or (date.min, ""), page.fetch)
        return json_response(
            page.answer(made, key_of=lambda row: (row[0], row[1]), show=lambda row: {"business_on": row[0], "code": row[1], "made_at": row[2]})
        )

    @router.get("/made-reports/{code}/{business_on}", tags=["reports"], responses=documented(Refusal.NOT_MADE, Refusal.BEYOND_YOUR_SCOPE))
    def get_made_report(legal_entity: str, code: str, business_on: DateField, caller: Annotated[Caller, _READS_REPORTS]) -> Response:
        """Give a report of one closed day as it was made."""
        _require_whole_entity(caller)
        with database.transaction() as cursor:
            document = find_made(cursor, legal_entity, code, business_on)
        if document is None:
            raise problem_of(Refusal.NOT_MADE, business_on.isoformat())
        return Response(document, media_type="application/json")


def _add_books(router: APIRouter, database: Database, clock: Clock) -> None:
    @router.get("/invariants", tags=["books"])
    def list_invariants(legal_entity: str, caller: Annotated[Caller, _READS_REPORTS]) -> Response:
        """Check now that the mart ties to the ledger, and show in how many places it does not: 0 everywhere."""
        with database.transaction() as cursor:
            if find_entity(cursor, legal_entity) is None:
                raise UnknownEntity(legal_entity)
        with database.transaction() as cursor:
            checked = check_invariants(cursor, legal_entity, clock.now())
        return json_response({"items": checked, "next_cursor": None})


def _definition(code: str) -> Definition:
    if code not in set(Code):
        raise problem_of(Refusal.REPORT_UNKNOWN, code[:_CODE_LENGTH_MAX])
    return CATALOGUE[Code(code)]


def _asked(show_report: ShowReport, wanted: Wanted) -> Report | Refused:
    try:
        return show_report(wanted)
    except PeriodBackwards as error:
        raise ProblemError(problems.INVALID_REQUEST, [Reason("query.from", str(error), "Send a `from` that is not after `to`.")]) from None
    except PeriodTooLong as error:
        raise ProblemError(problems.INVALID_REQUEST, [Reason("query.to", str(error), f"Ask for at most {PERIOD_DAYS_MAX} days.")]) from None


def _dimensions(definition: Definition, text: str | None) -> tuple[Dimension, ...] | None:
    """Return the dimensions that a query names."""
    if text is None:
        return None
    names = [name.strip() for name in text.split(",")]
    known = {dimension.value for dimension in definition.dimensions}
    unknown = [name for name in names if name not in known]
    if unknown or len(set(names)) < len(names):
        fault = f"{', '.join(unknown)[:_CODE_LENGTH_MAX]!r} is no dimension of {definition.code}" if unknown else "a dimension is named twice"
        raise ProblemError(problems.INVALID_REQUEST, [Reason("query.group_by", fault, f"Name some of: {', '.join(sorted(known))}.")])
    return tuple(map(Dimension, names))


def _require_whole_entity(caller: Caller) -> None:
    """Raise the problem of a caller who may see some institutions only: a kept report is of all."""
    if caller.institutions is not None:
        raise problem_of(Refusal.BEYOND_YOUR_SCOPE, "the whole entity")


def _response(report: Report, format: Format) -> Response:
    if format is Format.JSON:
        return json_response(document_of(report))
    media_type, file_of = _FILES[format]
    period = report.asked.period
    name = f"{report.asked.definition.code.value}-{report.asked.legal_entity}-{period.start}-{period.end}.{format.value}"
    return Response(file_of(report), media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _shown(definition: Definition) -> dict[str, Any]:
    dimensions = [{"name": dimension.value, "names": DIMENSION_NAMES[dimension]} for dimension in definition.dimensions]
    return {
        "code": definition.code,
        "names": definition.names,
        "about": definition.about,
        "parameters": [
            {"name": "from", "type": "date", "required": False, "about": "included"},
            {"name": "to", "type": "date", "required": False, "about": "not included"},
            {"name": "institution", "type": "string", "required": False, "about": "with all below it"},
            {"name": "group_by", "type": "list", "required": False, "default": ",".join(definition.group_by), "values": dimensions},
            {"name": "format", "type": "string", "required": False, "default": Format.JSON, "values": list(Format)},
        ],
        "measures": list(definition.measures),
        "formats": list(Format),
    }
