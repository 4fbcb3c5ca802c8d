"""Files of adjustments over one transaction's cursor."""

from collections.abc import Collection, Sequence
from typing import Any, Final

from psycopg2.extensions import cursor as Cursor

from loyalty_shared.persistence.bulk import CopyRows
from redemption.application.adjustment_file_ports import FileStatus, KeptFile
from redemption.domain.adjustment_file import FileLine, RejectedLine

_COLUMNS: Final = (
    "file_id, file_no, content_sha256, made_on, all_or_nothing, status, lines, points_given, points_taken, made_by, made_at, lines_posted, lines_rejected,"
    " posted_given, posted_taken, checked_by, checked_at, ended_at"
)
LINE_COLUMNS: Final = ("line_no", "customer_no", "points", "point_type", "expires_on", "reason")
_REJECT_COLUMNS: Final = ("line_no", "code", "fault", "line")
_ADD: Final = f"""
insert into adjustment_file (legal_entity, {_COLUMNS}) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
on conflict do nothing
"""
_FIND: Final = f"select {_COLUMNS} from adjustment_file where legal_entity = %s and file_id = %s"
_LIST: Final = f"""
select {_COLUMNS} from adjustment_file
where legal_entity = %(legal_entity)s and (%(status)s is null or status = %(status)s) and (%(after)s is null or file_id < %(after)s)
order by file_id desc limit %(limit)s
"""
_APPROVED: Final = f"select {_COLUMNS} from adjustment_file where legal_entity = %s and status = 'approved' order by file_id limit 1 for update"
_REJECTS: Final = """
select line_no, code, fault, line from adjustment_reject where legal_entity = %s and file_id = %s and line_no > %s order by line_no limit %s
"""
_DECIDE: Final = "update adjustment_file set status = %s, checked_by = %s, checked_at = %s where legal_entity = %s and file_id = %s"
_KNOWN: Final = """
select customer_no from unnest(%(customer_nos)s::text[]) as wanted (customer_no)
where exists (select from account where legal_entity = %(legal_entity)s and account.customer_no = wanted.customer_no)
    or exists (select from customer where legal_entity = %(legal_entity)s and customer.customer_no = wanted.customer_no)
"""


class SqlAdjustmentFiles:
    """The files that were received."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def add(self, legal_entity: str, file: KeptFile, lines: Sequence[FileLine], rejected: Sequence[RejectedLine]) -> bool:
        """Write a new file; False, and nothing is written, when its content, or another under its number, was received before."""
        self._cursor.execute(_ADD, (legal_entity, *_values(file)))
        if self._cursor.rowcount != 1:
            return False
        rows = CopyRows()
        for line in lines:
            rows.append(legal_entity, file.file_id, *line)
        rows.copy(self._cursor, "adjustment_line", ("legal_entity", "file_id", *LINE_COLUMNS))
        add_rejects(self._cursor, legal_entity, file.file_id, rejected)
        return True

    def find(self, legal_entity: str, file_id: str) -> KeptFile | None:
        """Return a file; None when there is none of that id."""
        return find_file(self._cursor, _FIND, legal_entity, file_id)

    def find_for_update(self, legal_entity: str, file_id: str) -> KeptFile | None:
        """Return a file, locked; None when there is none of that id."""
        return find_file(self._cursor, f"{_FIND} for update", legal_entity, file_id)

    def list_page(self, legal_entity: str, status: FileStatus | None, after: str | None, limit: int) -> Sequence[KeptFile]:
        """Return files, newest first, those older than `after`."""
        self._cursor.execute(_LIST, {"legal_entity": legal_entity, "status": status and status.value, "after": after, "limit": limit})
        return [_file(row) for row in self._cursor.fetchall()]

    def list_rejects(self, legal_entity: str, file_id: str, after: int, limit: int) -> Sequence[RejectedLine]:
        """Return the lines that are not posted, in their order, those after line `after`."""
        self._cursor.execute(_REJECTS, (legal_entity, file_id, after, limit))
        return [RejectedLine(*row) for row in self._cursor.fetchall()]

    def decide(self, legal_entity: str, file: KeptFile) -> None:
        """Write a checker's decision on a locked file."""
        self._cursor.execute(_DECIDE, (file.status.value, file.checked_by, file.checked_at, legal_entity, file.file_id))

    def known_customers(self, legal_entity: str, customer_nos: Collection[str]) -> set[str]:
        """Return those who have an account or were announced by core banking."""
        self._cursor.execute(_KNOWN, {"legal_entity": legal_entity, "customer_nos": list(customer_nos)})
        return {customer_no for (customer_no,) in self._cursor.fetchall()}


def find_file(cursor: Cursor, statement: str, *values: str) -> KeptFile | None:
    """Return the file that a statement of a file's columns finds."""
    cursor.execute(statement, values)
    row = cursor.fetchone()
    return _file(row) if row else None


def find_approved_file(cursor: Cursor, legal_entity: str) -> KeptFile | None:
    """Return the oldest file that is approved and not posted yet, locked; None when there is none."""
    return find_file(cursor, _APPROVED, legal_entity)


def add_rejects(cursor: Cursor, legal_entity: str, file_id: str, rejected: Sequence[RejectedLine]) -> None:
    """Write lines that are not posted."""
    rows = CopyRows()
    for line in rejected:
        rows.append(legal_entity, file_id, *line)
    rows.copy(cursor, "adjustment_reject", ("legal_entity", "file_id", *_REJECT_COLUMNS))


def _values(file: KeptFile) -> tuple[Any, ...]:
    return (
        file.file_id, file.file_no, file.content_sha256, file.made_on, file.all_or_nothing, file.status.value, file.lines, file.points_given,
        file.points_taken, file.made_by, file.made_at, file.lines_posted, file.lines_rejected, file.posted_given, file.posted_taken, file.checked_by,
        file.checked_at, file.ended_at,
    )  # fmt: skip


def _file(row: Sequence[Any]) -> KeptFile:
    (
        file_id, file_no, content_sha256, made_on, all_or_nothing, status, lines, points_given, points_taken, made_by, made_at, lines_posted,
        lines_rejected, posted_given, posted_taken, checked_by, checked_at, ended_at,
    ) = row  # fmt: skip
    return KeptFile(
        file_id=file_id, file_no=file_no, content_sha256=bytes(content_sha256), made_on=made_on, all_or_nothing=all_or_nothing, status=FileStatus(status),
        lines=lines, points_given=points_given, points_taken=points_taken, made_by=made_by, made_at=made_at, lines_posted=lines_posted,
        lines_rejected=lines_rejected, posted_given=posted_given, posted_taken=posted_taken, checked_by=checked_by, checked_at=checked_at, ended_at=ended_at,
    )  # fmt: skip
