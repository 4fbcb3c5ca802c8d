"""Files of adjustments: a header, a line for each adjustment, and a trailer with control totals (the format: README.md, "Adjustment files")."""

import csv
import io
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final, NamedTuple

from loyalty_shared.kernel.points import POINTS_MAX

FORMAT_VERSION: Final = "1"
LINES_MAX: Final = 200_000
FIELD_LENGTH_MAX: Final = 500
#: A rejected line is shown no longer than this.
SHOWN_LENGTH_MAX: Final = 500
#: Faults of a file that are told, at most: it is refused as a whole.
FAULTS_MAX: Final = 10

_HEADER_FIELDS: Final = 5
_DETAIL_FIELDS: Final = 7
_TRAILER_FIELDS: Final = 4
_CODE: Final = re.compile(r"[\x21-\x7e\u4e00-\u9fff]{1,64}")
_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,16}")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


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


class _Record(NamedTuple):
    line_no: int
    fields: Sequence[str]
    text: str


class _Fault(Exception):
    """The file cannot be taken as a whole."""


def read_adjustment_file(content: str, legal_entity: str, limits: Limits) -> AdjustmentFile | str:
    """Return the file with its lines, or, in words, why it cannot be taken as a whole: no header or trailer, another entity's, wrong control totals."""
    try:
        records = list(_records(content))
        if len(records) - 2 > LINES_MAX:
            raise _Fault(f"{len(records) - 2} lines; a file has {LINES_MAX} at most")
        if len(records) < 3:
            raise _Fault("a file has a header, at least one line, and a trailer")
        file = _header(records[0], legal_entity)
        given, taken = _read_lines(file, records[1:-1], limits)
        _check_trailer(records[-1], len(records) - 2, given, taken)
    except (_Fault, csv.Error) as fault:
        return str(fault)
    return file


def _records(content: str) -> Iterator[_Record]:
    """Yield what is not blank, with the number of the line it begins on: a quoted field may go over several."""
    physical = list(io.StringIO(content.removeprefix("\ufeff"), newline=""))
    reader = csv.reader(physical)
    start = 1
    for fields in reader:
        if fields:
            yield _Record(start, fields, "".join(physical[start - 1 : reader.line_num]).strip()[:SHOWN_LENGTH_MAX])
        start = reader.line_num + 1


def _header(record: _Record, legal_entity: str) -> AdjustmentFile:
    if len(record.fields) != _HEADER_FIELDS or record.fields[0] != "H":
        raise _Fault(f"line {record.line_no}: not a header: H,{FORMAT_VERSION},legal entity,file number,date")
    _, version, entity, file_no, made_on = record.fields
    if version != FORMAT_VERSION:
        raise _Fault(f"line {record.line_no}: format {version!r}; known is {FORMAT_VERSION}")
    if entity != legal_entity:
        raise _Fault(f"line {record.line_no}: a file of entity {entity!r}, sent to {legal_entity}")
    on = _date_from(made_on)
    if on is None or not _CODE.fullmatch(file_no):
        raise _Fault(f"line {record.line_no}: the file number or the date is not valid")
    return AdjustmentFile(file_no=file_no, made_on=on)


def _read_lines(file: AdjustmentFile, records: Sequence[_Record], limits: Limits) -> tuple[int, int]:
    """Sort the lines into good and bad; return the points given and taken by all of them whose points are a number."""
    given = taken = 0
    seen: set[str] = set()
    for record in records:
        if record.fields[0] in ("H", "T"):
            raise _Fault(f"line {record.line_no}: a second header or trailer")
        points = int(record.fields[3]) if len(record.fields) > 3 and _WHOLE.fullmatch(record.fields[3]) else 0
        given, taken = given + max(points, 0), taken + max(-points, 0)
        line = _line(record, points, seen, limits)
        if isinstance(line, FileLine):
            file.lines.append(line)
        else:
            code, fault = line
            file.rejected.append(RejectedLine(record.line_no, code.value, fault, record.text))
    return given, taken


def _line(record: _Record, points: int, seen: set[str], limits: Limits) -> FileLine | tuple[LineFault, str]:
    fields = record.fields
    if len(fields) != _DETAIL_FIELDS or fields[0] != "D" or not _CODE.fullmatch(fields[1]):
        return LineFault.MALFORMED_LINE, "not a line: D,number,customer,points,point type,last date or nothing,reason"
    _, number, customer_no, _, point_type, expires, reason = fields
    if number in seen:
        return LineFault.DUPLICATE_LINE, f"an earlier line has the number {number}"
    seen.add(number)
    if not _CODE.fullmatch(customer_no):
        return LineFault.INVALID_CUSTOMER_NO, "not a customer's number"
    if not 1 <= abs(points) <= POINTS_MAX:
        return LineFault.INVALID_POINTS, "points are a whole number, positive or negative, not 0, up to 2^53-1"
    if abs(points) > limits.points_max:
        return LineFault.LIMIT_EXCEEDED, f"more than {limits.points_max} points in one adjustment"
    if point_type not in limits.point_types:
        return LineFault.POINT_TYPE_UNKNOWN, f"the entity has no point type {point_type[:64]!r}"
    expires_on = _date_from(expires) if expires else None
    if expires and (expires_on is None or points < 0):
        return LineFault.INVALID_EXPIRES_ON, "the last date of points given, YYYY-MM-DD, or nothing"
    if not reason.strip() or len(reason) > FIELD_LENGTH_MAX:
        return LineFault.INVALID_REASON, f"a reason of 1 to {FIELD_LENGTH_MAX} characters"
    return FileLine(record.line_no, customer_no, points, point_type, expires_on, reason.strip())


def _check_trailer(record: _Record, lines: int, given: int, taken: int) -> None:
    if len(record.fields) != _TRAILER_FIELDS or record.fields[0] != "T":
        raise _Fault(f"line {record.line_no}: not a trailer: T,lines,points given,points taken")
    for stated, counted, what in zip(record.fields[1:], (lines, given, taken), ("lines", "points given", "points taken"), strict=True):
        if stated != str(counted):
            raise _Fault(f"line {record.line_no}: the trailer states {stated[:20]} {what}, the lines come to {counted}")


def _date_from(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        return None
