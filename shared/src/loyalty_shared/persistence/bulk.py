"""Many rows in one statement: COPY in text form, straight into a table or into a staging table for one set-based statement."""

import io
from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

from psycopg2.extensions import cursor as Cursor

Value = str | int | bool | bytes | date | datetime | None

_READ_BYTES: Final = 1 << 18
_ESCAPES: Final = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def copy_text(value: str) -> str:
    """Return a text value escaped for COPY. Most values need nothing, and are told by four scans in C."""
    if "\\" in value or "\t" in value or "\n" in value or "\r" in value:
        return value.translate(_ESCAPES)
    return value


def _field(value: Value) -> str:
    if value is None:
        return "\\N"
    if type(value) is str:
        return copy_text(value)
    if type(value) is int:
        return str(value)
    if isinstance(value, bytes):
        return "\\\\x" + value.hex()
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, date):  # a datetime is a date too; both are ISO 8601
        return value.isoformat()
    raise TypeError(f"COPY does not know how to write {type(value).__name__}")


class CopyRows:
    """Rows on their way into one table. Append rows in key order where the table has locks to take."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def __len__(self) -> int:
        return len(self._lines)

    def append(self, *values: Value) -> None:
        """Add one row; None is NULL. Raises TypeError for a type that COPY text has no form for here."""
        self._lines.append("\t".join(map(_field, values)))

    def append_line(self, line: str) -> None:
        """Add one row that the caller has already written in COPY's text form (`copy_text` for each text), without the line's end."""
        self._lines.append(line)

    def copy(self, cursor: Cursor, table: str, columns: Sequence[str]) -> int:
        """Write all rows into `table` and return how many they were."""
        if self._lines:
            text = "\n".join(self._lines) + "\n"
            cursor.copy_expert(f"copy {table} ({', '.join(columns)}) from stdin", io.StringIO(text), size=_READ_BYTES)
        return len(self._lines)


def stage(cursor: Cursor, name: str, columns: str) -> None:
    """Make an empty staging table for this transaction; `columns` as in create table. It lives as long as the session and empties itself at commit."""
    cursor.execute("select to_regclass(%s) is null", (f"pg_temp.{name}",))
    row = cursor.fetchone()
    if row and row[0]:
        cursor.execute(f"create temporary table {name} ({columns}) on commit delete rows")
