"""A report, made: rows of dimensions and measures, and the sums under them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from reporting.domain.catalogue import Code, Definition, Dimension
from reporting.domain.flows import Issued, Used, issued_from, used_from
from reporting.domain.movement import Movement, movements_from
from reporting.domain.periods import Period
from reporting.domain.postings import NOT_SAID
from reporting.domain.sums import Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a report is asked for. `institutions`: the only ones that it shows; None: all. `institution`: the one that was asked for, with those below it."""

    definition: Definition
    legal_entity: str
    period: Period
    group_by: Sequence[Dimension]
    institution: str | None
    institutions: frozenset[str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Rows in order of their dimensions; each has the values of `asked.group_by` (None: not said), then the measures. `totals` are the measures' sums."""

    asked: Asked
    rows: Sequence[tuple[str | int | None, ...]]
    totals: Mapping[str, int]

    @property
    def columns(self) -> Sequence[str]:
        """The names of a row's values."""
        return (*self.asked.group_by, *self.asked.definition.measures)


def report_from_lines(asked: Asked, lines: Sequence[Line]) -> Report:
    """Return a report that ties to the ledger, from the mart's sums."""
    match asked.definition.code:
        case Code.POINTS_ISSUED:
            measured: Mapping[tuple[str, ...], Movement | Issued | Used] = issued_from(lines)
        case Code.POINTS_USED:
            measured = used_from(lines)
        case _:
            measured = movements_from(lines)
    measures = asked.definition.measures
    return report_from_measures(asked, {values: [getattr(of_one, measure) for measure in measures] for values, of_one in measured.items()})


def report_from_measures(asked: Asked, measured: Mapping[tuple[str, ...], Sequence[int]]) -> Report:
    """Return a report from its measures by dimension values."""
    rows = [(*(value if value != NOT_SAID else None for value in values), *numbers) for values, numbers in sorted(measured.items())]
    measures = asked.definition.measures
    totals = {measure: sum(numbers[index] for numbers in measured.values()) for index, measure in enumerate(measures)}
    return Report(asked=asked, rows=rows, totals=totals)


def document_of(report: Report) -> dict[str, object]:
    """Return the report as JSON has it."""
    asked = report.asked
    return {
        "code": asked.definition.code.value,
        "names": {"zh": asked.definition.names.zh, "en": asked.definition.names.en},
        "legal_entity": asked.legal_entity,
        "from": _text(asked.period.start),
        "to": _text(asked.period.end),
        "institution": asked.institution,
        "group_by": [dimension.value for dimension in asked.group_by],
        "items": [dict(zip(report.columns, row, strict=True)) for row in report.rows],
        "totals": dict(report.totals),
        "next_cursor": None,
    }


def _text(day: date) -> str:
    return day.isoformat()
