"""Arrears by age, and their write-off, over one transaction's cursor."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any, Final

from psycopg2.extensions import cursor as Cursor
from psycopg2.extras import execute_values

from redemption.application.staff_ports import ArrearsWanted
from redemption.domain.account import Account
from redemption.domain.writing_off import AGE_BANDS, AgeBand, Owed, WriteOff, WriteOffStatus

_OWE: Final = """
insert into arrears (legal_entity, customer_no, point_type, points, since_on) values %s
on conflict (legal_entity, customer_no, point_type) do update set points = excluded.points
"""
_CLEAR: Final = """
delete from arrears using (values %s) as gone (legal_entity, customer_no, point_type)
where (arrears.legal_entity, arrears.customer_no, arrears.point_type) = (gone.legal_entity, gone.customer_no, gone.point_type)
"""
_LIST: Final = """
select since_on, customer_no, point_type, points from arrears
where legal_entity = %(legal_entity)s and (%(customer_no)s is null or customer_no = %(customer_no)s)
    and (%(point_type)s is null or point_type = %(point_type)s) and since_on <= %(since)s
    and (since_on, customer_no, point_type) > (%(since_on)s, %(after_customer_no)s, %(after_point_type)s)
order by since_on, customer_no, point_type limit %(limit)s
"""
_AGEING: Final = """
select point_type, width_bucket(%(on)s - since_on, %(bounds)s), count(*), sum(points)::bigint from arrears
where legal_entity = %(legal_entity)s group by 1, 2 order by 1, 2
"""
_COLUMNS: Final = "write_off_id, customer_no, point_type, points, reason, made_by, made_at, status, checked_by, checked_at"
_FIND: Final = f"select {_COLUMNS} from arrears_write_off where legal_entity = %s and write_off_id = %s"
_LIST_WRITE_OFFS: Final = f"""
select {_COLUMNS} from arrears_write_off
where legal_entity = %(legal_entity)s and (%(customer_no)s is null or customer_no = %(customer_no)s) and (%(status)s is null or status = %(status)s)
    and (%(after)s is null or write_off_id < %(after)s)
order by write_off_id desc limit %(limit)s
"""
_ADD: Final = f"insert into arrears_write_off (legal_entity, {_COLUMNS}) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
_DECIDE: Final = """
update arrears_write_off set status = %s, points = %s, checked_by = %s, checked_at = %s where legal_entity = %s and write_off_id = %s
"""
_ROWS_PER_STATEMENT: Final = 1_000


def write_arrears(cursor: Cursor, accounts: Iterable[Account]) -> None:
    """Write what locked accounts owe where that has changed. Arrears that began in this transaction are as old as its business date."""
    owing, clear = [], []
    for account in accounts:
        if account.arrears != account.owed:
            key = account.legal_entity, account.customer_no
            owing += [(*key, point_type, points, account.business_on) for point_type, points in account.arrears.items()]
            clear += [(*key, point_type) for point_type in account.owed if point_type not in account.arrears]
            account.owed = dict(account.arrears)
    if owing:
        execute_values(cursor, _OWE, sorted(owing), page_size=_ROWS_PER_STATEMENT)
    if clear:
        execute_values(cursor, _CLEAR, sorted(clear), page_size=_ROWS_PER_STATEMENT)


def list_arrears(cursor: Cursor, legal_entity: str, wanted: ArrearsWanted, limit: int) -> Sequence[Owed]:
    """Return what customers owe, oldest first."""
    since_on, after_customer_no, after_point_type = wanted.after or (date.min, "", "")
    cursor.execute(
        _LIST,
        {
            "legal_entity": legal_entity,
            "customer_no": wanted.customer_no,
            "point_type": wanted.point_type,
            "since": wanted.on - timedelta(days=wanted.days_min),
            "since_on": since_on,
            "after_customer_no": after_customer_no,
            "after_point_type": after_point_type,
            "limit": limit,
        },
    )
    return [Owed(*row) for row in cursor.fetchall()]


def list_age_bands(cursor: Cursor, legal_entity: str, on: date) -> Sequence[AgeBand]:
    """Return what is owed on a business date by type and age; bands with nothing owed are left out."""
    cursor.execute(_AGEING, {"legal_entity": legal_entity, "on": on, "bounds": [days + 1 for days in AGE_BANDS]})
    starts = (0, *(days + 1 for days in AGE_BANDS))
    ends = (*AGE_BANDS, None)
    return [AgeBand(point_type, starts[band], ends[band], customers, points) for point_type, band, customers, points in cursor.fetchall()]


class SqlWriteOffs:
    """The write-offs of arrears."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def find(self, legal_entity: str, write_off_id: str) -> WriteOff | None:
        """Return a write-off; None when there is none of that id."""
        return self._one(_FIND, legal_entity, write_off_id)

    def find_for_update(self, legal_entity: str, write_off_id: str) -> WriteOff | None:
        """Return a write-off, locked, before its account is; None when there is none of that id."""
        return self._one(f"{_FIND} for update", legal_entity, write_off_id)

    def list_page(self, legal_entity: str, customer_no: str | None, status: WriteOffStatus | None, after: str | None, limit: int) -> Sequence[WriteOff]:
        """Return write-offs, newest first, of one customer and status or of all, those older than `after`."""
        wanted = {"legal_entity": legal_entity, "customer_no": customer_no, "status": status and status.value, "after": after, "limit": limit}
        self._cursor.execute(_LIST_WRITE_OFFS, wanted)
        return [_write_off(row) for row in self._cursor.fetchall()]

    def add(self, legal_entity: str, asked: WriteOff) -> None:
        """Write a new write-off."""
        values = (asked.write_off_id, asked.customer_no, asked.point_type, asked.points, asked.reason, asked.made_by, asked.made_at, asked.status.value)
        self._cursor.execute(_ADD, (legal_entity, *values, asked.checked_by, asked.checked_at))

    def decide(self, legal_entity: str, decided: WriteOff) -> None:
        """Write what has become of a locked write-off."""
        values = (decided.status.value, decided.points, decided.checked_by, decided.checked_at, legal_entity, decided.write_off_id)
        self._cursor.execute(_DECIDE, values)

    def _one(self, statement: str, legal_entity: str, write_off_id: str) -> WriteOff | None:
        self._cursor.execute(statement, (legal_entity, write_off_id))
        row = self._cursor.fetchone()
        return _write_off(row) if row else None


def _write_off(row: Sequence[Any]) -> WriteOff:
    write_off_id, customer_no, point_type, points, reason, made_by, made_at, status, checked_by, checked_at = row
    return WriteOff(
        write_off_id=write_off_id,
        customer_no=customer_no,
        point_type=point_type,
        points=points,
        reason=reason,
        made_by=made_by,
        made_at=made_at,
        status=WriteOffStatus(status),
        checked_by=checked_by,
        checked_at=checked_at,
    )
