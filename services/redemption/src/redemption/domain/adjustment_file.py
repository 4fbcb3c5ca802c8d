"""Files of adjustments: a header, a line for each adjustment, and a trailer with control totals (the format: README.md, "Adjustment files")."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final, NamedTuple

from loyalty_shared.kernel.points import POINTS_MAX
from redemption.domain.controlled_file import CODE, WHOLE, FileFault, Record, check_is_line, check_totals, date_from, header_from, records_of

FIELD_LENGTH_MAX: Final = 500
#: What the points of a file's lines may come to, given or taken: as much as a total is kept in.
TOTAL_MAX: Final = 2**63 - 1

_DETAIL_FIELDS: Final = 7


class LineFault(StrEnum):
    """Why a line is not taken; beside these, lines are refused when they are posted, as single adjustments are."""

    MALFORMED_LINE = "malformed-line"
    INVALID_CUSTOMER_NO = "invalid-customer-no"
    INVALID_POINTS = "invalid-points"
    POINT_TYPE_UNKNOWN = "point-type-unknown"
    INVALID_EXPIRES_ON = "invalid-expires-on"
    INVALID_REASON = "invalid-reason"
    DUPLICATE_LINE = "duplicate-line"
    LIMIT_EXCEEDED = "limit-exceeded"
    CUSTOMER_UNKNOWN = "customer-unknown"


class FileLine(NamedTuple):
    """One adjustment of a file. `line_no`: its place in the file, from 1; `points` signed, not 0."""

    line_no: int
    customer_no: str
    points: int
    point_type: str
    expires_on: date | None
    reason: str


class RejectedLine(NamedTuple):
    """A line that is not posted: where, why, in words, and as it was sent."""

    line_no: int
    code: str
    fault: str
    line: str


@dataclass(frozen=True, slots=True)
class Limits:
    """What a line may ask for: `point_types` of the entity, and points up to `points_max`."""

    point_types: Collection[str]
    points_max: int


@dataclass(slots=True, kw_only=True)
class AdjustmentFile:
    """A file that was read: what identifies it, and its lines, good and bad. `made_on` as its sender dates it."""

    file_no: str
    made_on: date
    lines: list[FileLine] = field(default_factory=list)
    rejected: list[RejectedLine] = field(default_factory=list)


def read_adjustment_file(content: str, legal_entity: str, limits: Limits) -> AdjustmentFile | str:
    """Return the file with its lines, or, in words, why it cannot be taken as a whole: no header or trailer, another entity's, wrong control totals."""
    try:
        records = records_of(content)
        header = header_from(records[0], legal_entity)
        file = AdjustmentFile(file_no=header.file_no, made_on=header.made_on)
        given, taken = _read_lines(file, records[1:-1], limits)
        check_totals(records[-1], {"lines": len(records) - 2, "points given": given, "points taken": taken})
        if max(given, taken) > TOTAL_MAX:
            raise FileFault(f"the points of all lines come to more than {TOTAL_MAX}; divide them among several files")
    except FileFault as fault:
        return str(fault)
    return file


def _read_lines(file: AdjustmentFile, records: Sequence[Record], limits: Limits) -> tuple[int, int]:
    """Sort the lines into good and bad; return the points given and taken by all of them whose points are a number."""
    given = taken = 0
    seen: set[str] = set()
    for record in records:
        check_is_line(record)
        points = int(record.fields[3]) if len(record.fields) > 3 and WHOLE.fullmatch(record.fields[3]) else 0
        given, taken = given + max(points, 0), taken + max(-points, 0)
        line = _line(record, points, seen, limits)
        if isinstance(line, FileLine):
            file.lines.append(line)
        else:
            code, fault = line
            file.rejected.append(RejectedLine(record.line_no, code.value, fault, record.text))
    return given, taken


def _line(record: Record, points: int, seen: set[str], limits: Limits) -> FileLine | tuple[LineFault, str]:
    fields = record.fields
    if len(fields) != _DETAIL_FIELDS or fields[0] != "D" or not CODE.fullmatch(fields[1]):
        return LineFault.MALFORMED_LINE, "not a line: D,number,customer,points,point type,last date or nothing,reason"
    _, number, customer_no, _, point_type, expires, reason = fields
    if number in seen:
        return LineFault.DUPLICATE_LINE, f"an earlier line has the number {number}"
    seen.add(number)
    if not CODE.fullmatch(customer_no):
        return LineFault.INVALID_CUSTOMER_NO, "not a customer's number"
    if not 1 <= abs(points) <= POINTS_MAX:
        return LineFault.INVALID_POINTS, "points are a whole number, positive or negative, not 0, up to 2^53-1"
    if abs(points) > limits.points_max:
        return LineFault.LIMIT_EXCEEDED, f"more than {limits.points_max} points in one adjustment"
    if point_type not in limits.point_types:
        return LineFault.POINT_TYPE_UNKNOWN, f"the entity has no point type {point_type[:64]!r}"
    expires_on = date_from(expires) if expires else None
    if expires and (expires_on is None or points < 0):
        return LineFault.INVALID_EXPIRES_ON, "the last date of points given, YYYY-MM-DD, or nothing"
    if not reason.strip() or len(reason) > FIELD_LENGTH_MAX:
        return LineFault.INVALID_REASON, f"a reason of 1 to {FIELD_LENGTH_MAX} characters"
    return FileLine(record.line_no, customer_no, points, point_type, expires_on, reason.strip())
