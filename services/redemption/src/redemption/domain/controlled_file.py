"""Files that staff send: a header, lines, and a trailer with control totals, by which a file that lost or gained something on its way is told."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final, NamedTuple

FORMAT_VERSION: Final = "1"
LINES_MAX: Final = 200_000
#: A line that is not taken is shown no longer than this.
SHOWN_LENGTH_MAX: Final = 500

#: A number or code of the field's, and a whole number with or without a sign.
CODE: Final = re.compile(r"[\x21-\x7e\u4e00-\u9fff]{1,64}")
WHOLE: Final = re.compile(r"[+-]?[0-9]{1,16}")

_HEADER_FIELDS: Final = 5
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class FileFault(Exception):
    """The file cannot be taken as a whole; its text says why."""


class Record(NamedTuple):
    """A line: the number it begins on, from 1, its fields, and its text as it was sent."""

    line_no: int
    fields: Sequence[str]
    text: str


class Header(NamedTuple):
    """What identifies a file, and its date as its sender states it."""

    file_no: str
    made_on: date


def records_of(content: str) -> Sequence[Record]:
    """Return what is not blank: a header, at least one line, and a trailer. Raises FileFault when it is less, more than a file has, or no CSV."""
    if "\x00" in content:
        raise FileFault("a character with the code 0, which no text has")
    physical = list(io.StringIO(content.removeprefix("\ufeff"), newline=""))
    reader = csv.reader(physical)
    records, start = list[Record](), 1
    try:
        for fields in reader:  # a quoted field may go over several lines
            if fields:
                records.append(Record(start, fields, "".join(physical[start - 1 : reader.line_num]).strip()[:SHOWN_LENGTH_MAX]))
            start = reader.line_num + 1
    except csv.Error as fault:
        raise FileFault(str(fault)) from fault
    if len(records) - 2 > LINES_MAX:
        raise FileFault(f"{len(records) - 2} lines; a file has {LINES_MAX} at most")
    if len(records) < 3:
        raise FileFault("a file has a header, at least one line, and a trailer")
    return records


def header_from(record: Record, legal_entity: str) -> Header:
    """Return what the header says. Raises FileFault when it is none, or of another entity."""
    if len(record.fields) != _HEADER_FIELDS or record.fields[0] != "H":
        raise FileFault(f"line {record.line_no}: not a header: H,{FORMAT_VERSION},legal entity,file number,date")
    _, version, entity, file_no, made_on = record.fields
    if version != FORMAT_VERSION:
        raise FileFault(f"line {record.line_no}: format {version!r}; known is {FORMAT_VERSION}")
    if entity != legal_entity:
        raise FileFault(f"line {record.line_no}: a file of entity {entity!r}, sent to {legal_entity}")
    on = date_from(made_on)
    if on is None or not CODE.fullmatch(file_no):
        raise FileFault(f"line {record.line_no}: the file number or the date is not valid")
    return Header(file_no, on)


def check_is_line(record: Record) -> None:
    """Raise FileFault when a header or trailer stands where only lines can."""
    if record.fields[0] in ("H", "T"):
        raise FileFault(f"line {record.line_no}: a second header or trailer")


def check_totals(record: Record, counted: Mapping[str, int]) -> None:
    """Raise FileFault unless the trailer states what was counted: by name, in the order in which a trailer has them."""
    if len(record.fields) != len(counted) + 1 or record.fields[0] != "T":
        raise FileFault(f"line {record.line_no}: not a trailer: T,{','.join(counted)}")
    for stated, (what, count) in zip(record.fields[1:], counted.items(), strict=True):
        if stated != str(count):
            raise FileFault(f"line {record.line_no}: the trailer states {stated[:20]} {what}, the lines come to {count}")


def date_from(text: str) -> date | None:
    """Return a date written YYYY-MM-DD; None when it is none."""
    try:
        return date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        return None
