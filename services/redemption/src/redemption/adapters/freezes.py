"""Freezes over one transaction's cursor."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final

from psycopg2.extensions import cursor as Cursor

from redemption.domain.freezing import Freeze, FreezeStatus, KeptFreeze

_COLUMNS: Final = "freeze_id, points, until, customer_no, reason, frozen_by, frozen_at, status, ended_by, ended_at"
_FIND: Final = f"select {_COLUMNS} from point_freeze where legal_entity = %s and freeze_id = %s"
_LIST: Final = f"""
select {_COLUMNS} from point_freeze
where legal_entity = %(legal_entity)s and (%(customer_no)s is null or customer_no = %(customer_no)s) and (%(after)s is null or freeze_id < %(after)s)
order by freeze_id desc limit %(limit)s
"""
_ADD: Final = """
insert into point_freeze (legal_entity, freeze_id, customer_no, points, until, reason, status, frozen_by, frozen_at) values (%s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_END: Final = "update point_freeze set status = %s, ended_by = %s, ended_at = %s where legal_entity = %s and freeze_id = %s and status = 'frozen'"
_DUE: Final = """
select distinct customer_no from point_freeze where legal_entity = %s and status = 'frozen' and until < %s order by customer_no limit %s
"""
_END_DUE: Final = """
update point_freeze set status = 'ended', ended_at = %s where legal_entity = %s and customer_no = any(%s) and status = 'frozen' and until < %s
"""
_LOCK_ACCOUNTS: Final = "select from account where legal_entity = %s and customer_no = any(%s) order by legal_entity, customer_no for update"
#: The account's own row says what is frozen, so that spending reads nothing more; none: null.
_TELL_ACCOUNTS: Final = """
update account set freezes = (
    select json_agg(json_build_array(freeze_id, points, until) order by freeze_id) from point_freeze
    where point_freeze.legal_entity = account.legal_entity and point_freeze.customer_no = account.customer_no and status = 'frozen')
where legal_entity = %s and customer_no = any(%s)
"""
_MOVE: Final = """
update point_freeze set customer_no = %(to)s
where legal_entity = %(legal_entity)s and customer_no = %(from)s and status = 'frozen' and (%(freezes)s is null or freeze_id = any(%(freezes)s))
returning freeze_id
"""
_STOOD: Final = """
select freeze_id, points, until from point_freeze
where legal_entity = %s and customer_no = %s and frozen_at <= %s and (ended_at is null or ended_at > %s) order by freeze_id
"""


class SqlFreezes:
    """The freezes. Whoever changes one holds its account's lock."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def find(self, legal_entity: str, freeze_id: str) -> KeptFreeze | None:
        """Return a freeze; None when there is none of that id."""
        self._cursor.execute(_FIND, (legal_entity, freeze_id))
        row = self._cursor.fetchone()
        return _kept(row) if row else None

    def list_page(self, legal_entity: str, customer_no: str | None, after: str | None, limit: int) -> Sequence[KeptFreeze]:
        """Return freezes, newest first, of one customer or of all, those older than `after`."""
        self._cursor.execute(_LIST, {"legal_entity": legal_entity, "customer_no": customer_no, "after": after, "limit": limit})
        return [_kept(row) for row in self._cursor.fetchall()]

    def add(self, legal_entity: str, kept: KeptFreeze) -> None:
        """Write a new freeze of a locked account."""
        freeze = kept.freeze
        values = (freeze.freeze_id, kept.customer_no, freeze.points, freeze.until, kept.reason, kept.status.value, kept.frozen_by, kept.frozen_at)
        self._cursor.execute(_ADD, (legal_entity, *values))
        self._cursor.execute(_TELL_ACCOUNTS, (legal_entity, [kept.customer_no]))

    def lift(self, legal_entity: str, kept: KeptFreeze, by: str, at: datetime) -> None:
        """Write that a freeze of a locked account was lifted."""
        self._cursor.execute(_END, (FreezeStatus.LIFTED.value, by, at, legal_entity, kept.freeze.freeze_id))
        self._cursor.execute(_TELL_ACCOUNTS, (legal_entity, [kept.customer_no]))

    def list_due(self, legal_entity: str, on: date, limit: int) -> Sequence[str]:
        """Return customers, in key order, with a freeze whose last date has passed and whose end is not written yet."""
        self._cursor.execute(_DUE, (legal_entity, on, limit))
        return [customer_no for (customer_no,) in self._cursor.fetchall()]

    def lock_accounts(self, legal_entity: str, customers: Sequence[str]) -> None:
        """Lock accounts, in key order."""
        self._cursor.execute(_LOCK_ACCOUNTS, (legal_entity, customers))

    def end_due(self, legal_entity: str, customers: Sequence[str], on: date, at: datetime) -> None:
        """Write the end of the freezes of locked accounts whose last date has passed."""
        self._cursor.execute(_END_DUE, (at, legal_entity, customers, on))
        self._cursor.execute(_TELL_ACCOUNTS, (legal_entity, customers))


def move_freezes(cursor: Cursor, legal_entity: str, from_customer_no: str, to_customer_no: str, freezes: Sequence[str] | None) -> tuple[str, ...]:
    """Let freezes that stand on one locked account (None: all of them) stand on another; return which."""
    cursor.execute(_MOVE, {"legal_entity": legal_entity, "from": from_customer_no, "to": to_customer_no, "freezes": None if freezes is None else list(freezes)})
    moved = tuple(freeze_id for (freeze_id,) in cursor.fetchall())
    if moved:
        cursor.execute(_TELL_ACCOUNTS, (legal_entity, [from_customer_no, to_customer_no]))
    return moved


def list_freezes_then(cursor: Cursor, legal_entity: str, customer_no: str, at: datetime) -> tuple[Freeze, ...]:
    """Return the freezes that had been made and not ended at an instant."""
    cursor.execute(_STOOD, (legal_entity, customer_no, at, at))
    return tuple(Freeze(*row) for row in cursor.fetchall())


def _kept(row: Sequence[Any]) -> KeptFreeze:
    freeze_id, points, until, customer_no, reason, frozen_by, frozen_at, status, ended_by, ended_at = row
    return KeptFreeze(
        freeze=Freeze(freeze_id, points, until),
        customer_no=customer_no,
        reason=reason,
        frozen_by=frozen_by,
        frozen_at=frozen_at,
        status=FreezeStatus(status),
        ended_by=ended_by,
        ended_at=ended_at,
    )
