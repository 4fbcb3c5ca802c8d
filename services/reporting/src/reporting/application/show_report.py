"""A report, made from the mart when someone asks for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from reporting.application.ports import BeginReading, MartReading
from reporting.domain.catalogue import CATALOGUE, Code, Dimension
from reporting.domain.periods import ONE_DAY, Period, first_incomplete, period_from
from reporting.domain.refusals import Refusal
from reporting.domain.report import Asked, Report, report_from_lines, report_from_measures

REPORT_ROWS_MAX: Final = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a caller asks for. `scope`: the institutions, each with those below it, that the caller may see; None: all."""

    legal_entity: str
    code: Code
    start: date | None = None
    end: date | None = None
    institution: str | None = None
    group_by: Sequence[Dimension] | None = None
    scope: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """Why the report is not given, and what it is about: a date, an institution, a number of rows."""

    refusal: Refusal
    about: str


@dataclass(frozen=True, slots=True)
class ShowReport:
    """Makes a report of complete days. Changes nothing. Raises PeriodBackwards, PeriodTooLong, UnknownEntity."""

    begin: BeginReading

    def __call__(self, wanted: Wanted) -> Report | Refused:
        with self.begin() as mart:
            return report_from_mart(mart, wanted)


def report_from_mart(mart: MartReading, wanted: Wanted) -> Report | Refused:
    """Return the report as the mart has it now, or why it cannot be given."""
    definition = CATALOGUE[wanted.code]
    today = mart.business_on(wanted.legal_entity)
    complete_until = mart.complete_until(wanted.legal_entity)
    period = period_from(wanted.start, wanted.end, (definition.of_ledger and complete_until) or today)
    institutions = _institutions(mart, wanted)
    if isinstance(institutions, Refused):
        return institutions
    asked = Asked(
        definition=definition,
        legal_entity=wanted.legal_entity,
        period=period,
        group_by=wanted.group_by or definition.group_by,
        institution=wanted.institution,
        institutions=institutions,
    )
    if not definition.of_ledger:
        return _of_size(report_from_measures(asked, mart.list_decided(asked)))
    return _refusal_of_days(mart, wanted.legal_entity, period, complete_until) or _of_size(report_from_lines(asked, mart.list_lines(asked)))


def _institutions(mart: MartReading, wanted: Wanted) -> frozenset[str] | Refused | None:
    """Return the institutions that the report shows; None: all."""
    scope = None if wanted.scope is None else mart.institutions_below(wanted.legal_entity, wanted.scope)
    if wanted.institution is None:
        return scope
    if scope is not None and wanted.institution not in scope:
        return Refused(Refusal.BEYOND_YOUR_SCOPE, wanted.institution)
    if not mart.knows_institution(wanted.legal_entity, wanted.institution):
        return Refused(Refusal.INSTITUTION_UNKNOWN, wanted.institution)
    return mart.institutions_below(wanted.legal_entity, {wanted.institution})


def _refusal_of_days(mart: MartReading, legal_entity: str, period: Period, complete_until: date | None) -> Refused | None:
    day = first_incomplete(period, complete_until)
    if day is not None:
        return Refused(Refusal.DAY_NOT_COMPLETE, day.isoformat())
    breaks = mart.count_breaks(legal_entity, period.end)
    return Refused(Refusal.MART_DOES_NOT_TIE, f"{breaks} differences before {period.end.isoformat()}") if breaks else None


def _of_size(report: Report) -> Report | Refused:
    return Refused(Refusal.REPORT_TOO_LARGE, str(len(report.rows))) if len(report.rows) > REPORT_ROWS_MAX else report


def wanted_of_day(legal_entity: str, code: Code, on: date) -> Wanted:
    """Return what asks for one day's report of the whole entity."""
    return Wanted(legal_entity=legal_entity, code=code, start=on, end=on + ONE_DAY)
