"""Adjustments over one transaction's cursor."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from psycopg2.extensions import cursor as Cursor

from redemption.domain.adjusting import Adjustment, AdjustmentStatus

_COLUMNS: Final = "adjustment_id, customer_no, points, point_type, reason, evidence::text, expires_on, made_by, made_at, status, checked_by, checked_at"
_FIND: Final = f"select {_COLUMNS} from adjustment where legal_entity = %s and adjustment_id = %s"
_LOCK: Final = f"{_FIND} for update"
_LIST: Final = f"""
select {_COLUMNS} from adjustment
where legal_entity = %(legal_entity)s and (%(customer_no)s is null or customer_no = %(customer_no)s) and (%(status)s is null or status = %(status)s)
    and (%(after)s is null or adjustment_id < %(after)s)
order by adjustment_id desc limit %(limit)s
"""
_ADD: Final = """
insert into adjustment (legal_entity, adjustment_id, customer_no, points, point_type, reason, evidence, expires_on, made_by, made_at, status)
values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_DECIDE: Final = "update adjustment set status = %s, checked_by = %s, checked_at = %s where legal_entity = %s and adjustment_id = %s"


class SqlAdjustments:
    """The adjustments that were asked for one by one."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def find(self, legal_entity: str, adjustment_id: str) -> Adjustment | None:
        """Return an adjustment; None when there is none of that id."""
        return self._one(_FIND, legal_entity, adjustment_id)

    def find_for_update(self, legal_entity: str, adjustment_id: str) -> Adjustment | None:
        """Return an adjustment, locked, before its account is; None when there is none of that id."""
        return self._one(_LOCK, legal_entity, adjustment_id)

    def list_page(self, legal_entity: str, customer_no: str | None, status: AdjustmentStatus | None, after: str | None, limit: int) -> Sequence[Adjustment]:
        """Return adjustments, newest first, of one customer and status or of all, those older than `after`."""
        values = {"legal_entity": legal_entity, "customer_no": customer_no, "status": status and status.value, "after": after, "limit": limit}
        self._cursor.execute(_LIST, values)
        return [_adjustment(row) for row in self._cursor.fetchall()]

    def add(self, legal_entity: str, made: Adjustment) -> None:
        """Write a new adjustment."""
        evidence = None if made.evidence is None else msgspec.json.encode(made.evidence).decode()
        values = (made.adjustment_id, made.customer_no, made.points, made.point_type, made.reason, evidence, made.expires_on, made.made_by, made.made_at)
        self._cursor.execute(_ADD, (legal_entity, *values, made.status.value))

    def decide(self, legal_entity: str, decided: Adjustment) -> None:
        """Write what has become of a locked adjustment."""
        values = (decided.status.value, decided.checked_by, decided.checked_at, legal_entity, decided.adjustment_id)
        self._cursor.execute(_DECIDE, values)

    def _one(self, statement: str, legal_entity: str, adjustment_id: str) -> Adjustment | None:
        self._cursor.execute(statement, (legal_entity, adjustment_id))
        row = self._cursor.fetchone()
        return _adjustment(row) if row else None


def _adjustment(row: Sequence[Any]) -> Adjustment:
    adjustment_id, customer_no, points, point_type, reason, evidence, expires_on, made_by, made_at, status, checked_by, checked_at = row
    return Adjustment(
        adjustment_id=adjustment_id,
        customer_no=customer_no,
        points=points,
        point_type=point_type,
        reason=reason,
        evidence=None if evidence is None else msgspec.json.decode(evidence),
        expires_on=expires_on,
        made_by=made_by,
        made_at=made_at,
        status=AdjustmentStatus(status),
        checked_by=checked_by,
        checked_at=checked_at,
    )
