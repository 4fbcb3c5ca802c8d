"""Imports of existing points over one transaction's cursor."""

from collections.abc import Sequence
from typing import Any, Final

from psycopg2.extensions import cursor as Cursor

from loyalty_shared.kernel.money import Rounding
from loyalty_shared.persistence.bulk import CopyRows
from redemption.application.import_ports import AuditedLine, KeptImport
from redemption.domain.import_report import ImportSums, LineSums
from redemption.domain.importing import Conversion, ImportLine, ImportStatus, LineStatus

_COLUMNS: Final = (
    "import_id, source, file_no, content_sha256, made_on, point_type, ratio, rounding, status, lines, old_points, made_by, made_at,"
    " checked_by, checked_at, ended_at"
)
_LINE_COLUMNS: Final = (
    "line_no", "customer_no", "old_points", "expires_on", "new_points", "status", "code", "fault", "line", "account_no", "account_version",
)  # fmt: skip
_ADD: Final = f"""
insert into point_import (legal_entity, {_COLUMNS}) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing
"""
_FIND: Final = f"select {_COLUMNS} from point_import where legal_entity = %s and import_id = %s"
_LIST: Final = f"""
select {_COLUMNS} from point_import
where legal_entity = %(legal_entity)s and (%(status)s is null or status = %(status)s) and (%(after)s is null or import_id < %(after)s)
order by import_id desc limit %(limit)s
"""
_APPROVED: Final = f"select {_COLUMNS} from point_import where legal_entity = %s and status = 'approved' order by import_id limit 1 for update"
_DECIDE: Final = "update point_import set status = %s, checked_by = %s, checked_at = %s where legal_entity = %s and import_id = %s"
_LINES: Final = f"select {', '.join(_LINE_COLUMNS)} from point_import_line where legal_entity = %s and import_id = %s"
_REJECTED: Final = f"{_LINES} and status = 'rejected' and line_no > %s order by line_no limit %s"
_WAITING: Final = f"{_LINES} and status = 'waiting' order by customer_no, line_no limit %s"
_ENTRY: Final = """
left join entry on entry.legal_entity = line.legal_entity and entry.customer_no = line.account_no and entry.account_version = line.account_version
    and entry.cause_kind = 'import' and entry.cause_no = line.import_id || ':' || line.line_no
"""
_AUDITED: Final = f"""
select {", ".join(f"line.{column}" for column in _LINE_COLUMNS)}, entry.batch_no || '-' || entry.position, entry.points
from point_import_line as line {_ENTRY}
where line.legal_entity = %s and line.import_id = %s and line.line_no > %s order by line.line_no limit %s
"""
# What the ledger has is asked of the ledger: the entries that lines name, as far as they are of this import.
_SUMS: Final = f"""
select line.status, count(*), sum(line.old_points), sum(line.new_points), count(entry.points), coalesce(sum(entry.points), 0)
from point_import_line as line {_ENTRY}
where line.legal_entity = %s and line.import_id = %s group by line.status
"""


class SqlImports:
    """The imports that were received."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def add(self, legal_entity: str, kept: KeptImport, lines: Sequence[ImportLine]) -> bool:
        """Write a new import; False, and nothing is written, when its content, or another under its number, was received before."""
        self._cursor.execute(_ADD, (legal_entity, *_values(kept)))
        if self._cursor.rowcount != 1:
            return False
        rows = CopyRows()
        for line in lines:
            rows.append(legal_entity, kept.import_id, *line[:5], line.status.value, *line[6:])
        rows.copy(self._cursor, "point_import_line", ("legal_entity", "import_id", *_LINE_COLUMNS))
        return True

    def find(self, legal_entity: str, import_id: str) -> KeptImport | None:
        """Return an import; None when there is none of that id."""
        return _find(self._cursor, _FIND, legal_entity, import_id)

    def find_for_update(self, legal_entity: str, import_id: str) -> KeptImport | None:
        """Return an import, locked; None when there is none of that id."""
        return _find(self._cursor, f"{_FIND} for update", legal_entity, import_id)

    def list_page(self, legal_entity: str, status: ImportStatus | None, after: str | None, limit: int) -> Sequence[KeptImport]:
        """Return imports, newest first, those older than `after`."""
        self._cursor.execute(_LIST, {"legal_entity": legal_entity, "status": status and status.value, "after": after, "limit": limit})
        return [_kept(row) for row in self._cursor.fetchall()]

    def list_rejected(self, legal_entity: str, import_id: str, after: int, limit: int) -> Sequence[ImportLine]:
        """Return the lines that are not posted and will not be, in their order, those after line `after`."""
        self._cursor.execute(_REJECTED, (legal_entity, import_id, after, limit))
        return [_line(row) for row in self._cursor.fetchall()]

    def list_audited(self, legal_entity: str, import_id: str, after: int, limit: int) -> Sequence[AuditedLine]:
        """Return all lines with their entries, in their order, those after line `after`."""
        self._cursor.execute(_AUDITED, (legal_entity, import_id, after, limit))
        return [AuditedLine(_line(row[:-2]), *row[-2:]) for row in self._cursor.fetchall()]

    def sums(self, legal_entity: str, kept: KeptImport) -> ImportSums:
        """Return an import's lines by what has become of them, and what the ledger has of it."""
        self._cursor.execute(_SUMS, (legal_entity, kept.import_id))
        rows = {LineStatus(status): tuple(map(int, sums)) for status, *sums in self._cursor.fetchall()}
        by_status = {status: LineSums(*sums[:3]) for status, sums in rows.items()}
        return ImportSums(
            control=LineSums(kept.lines, kept.old_points),
            posted=by_status.get(LineStatus.POSTED, LineSums()),
            waiting=by_status.get(LineStatus.WAITING, LineSums()),
            rejected=by_status.get(LineStatus.REJECTED, LineSums()),
            ledger_entries=sum(sums[3] for sums in rows.values()),
            ledger_points=sum(sums[4] for sums in rows.values()),
        )

    def decide(self, legal_entity: str, kept: KeptImport) -> None:
        """Write a checker's decision on a locked import."""
        self._cursor.execute(_DECIDE, (kept.status.value, kept.checked_by, kept.checked_at, legal_entity, kept.import_id))


def find_approved_import(cursor: Cursor, legal_entity: str) -> KeptImport | None:
    """Return the oldest import that is approved and not posted yet, locked; None when there is none."""
    return _find(cursor, _APPROVED, legal_entity)


def list_waiting_lines(cursor: Cursor, legal_entity: str, import_id: str, limit: int) -> Sequence[ImportLine]:
    """Return the next lines to post, in the order of customer and line."""
    cursor.execute(_WAITING, (legal_entity, import_id, limit))
    return [_line(row) for row in cursor.fetchall()]


def _find(cursor: Cursor, statement: str, *values: str) -> KeptImport | None:
    cursor.execute(statement, values)
    row = cursor.fetchone()
    return _kept(row) if row else None


def _line(row: Sequence[Any]) -> ImportLine:
    return ImportLine._make((*row[:5], LineStatus(row[5]), *row[6:]))


def _values(kept: KeptImport) -> tuple[Any, ...]:
    return (
        kept.import_id, kept.source, kept.file_no, kept.content_sha256, kept.made_on, kept.point_type, kept.conversion.ratio, kept.conversion.rounding.value,
        kept.status.value, kept.lines, kept.old_points, kept.made_by, kept.made_at, kept.checked_by, kept.checked_at, kept.ended_at,
    )  # fmt: skip


def _kept(row: Sequence[Any]) -> KeptImport:
    (
        import_id, source, file_no, content_sha256, made_on, point_type, ratio, rounding, status, lines, old_points, made_by, made_at, checked_by,
        checked_at, ended_at,
    ) = row  # fmt: skip
    return KeptImport(
        import_id=import_id, source=source, file_no=file_no, content_sha256=bytes(content_sha256), made_on=made_on, point_type=point_type,
        conversion=Conversion(ratio, Rounding(rounding)), status=ImportStatus(status), lines=lines, old_points=int(old_points), made_by=made_by,
        made_at=made_at, checked_by=checked_by, checked_at=checked_at, ended_at=ended_at,
    )  # fmt: skip
