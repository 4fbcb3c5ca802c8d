"""What entries say of accounts, added up in the database: an account as it was, in milliseconds whatever its history."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Final

import msgspec
from psycopg2.extensions import cursor as Cursor

from redemption.adapters.lot_rows import part_of
from redemption.domain.lots import LotPart
from redemption.domain.rebuilding import LastPosted, PostedSum

# The changes of lots go over as one text for each group and are decoded at once: ten thousand rows would take three times as long.
SUMS: Final = """
    point_type, case when points > 0 then debit_account else credit_account end as counter_account, sum(points)::bigint, count(*),
    '[' || string_agg(lots::text, ',') || ']', '[' || coalesce(string_agg(excused::text, ','), '') || ']'
"""
_SUMS_THEN: Final = f"""
select {SUMS} from entry where legal_entity = %s and customer_no = %s and posted_at <= %s and business_on <= %s group by point_type, counter_account
"""
_LAST_THEN: Final = """
select business_on, active_on from entry where legal_entity = %s and customer_no = %s and posted_at <= %s and business_on <= %s
order by account_version desc limit 1
"""

_PARTS = msgspec.json.Decoder(tuple[tuple[tuple[str, int, date | None], ...], ...])

SumRow = tuple[str, str, int, int, str, str]


def sum_from(row: SumRow) -> PostedSum:
    """Return a sum from a row of SUMS."""
    point_type, counter_account, points, entries, lots, excused = row
    return PostedSum(point_type, counter_account, points, entries, _parts(lots), _parts(excused))


def find_history(cursor: Cursor, legal_entity: str, customer_no: str, at: datetime, on: date) -> tuple[list[PostedSum], LastPosted] | None:
    """Return what an account's entries posted by an instant and of a business date or before come to; None when there are none."""
    wanted = (legal_entity, customer_no, at, on)
    cursor.execute(_LAST_THEN, wanted)
    last = cursor.fetchone()
    if last is None:
        return None
    cursor.execute(_SUMS_THEN, wanted)
    return [sum_from(row) for row in cursor.fetchall()], LastPosted(*last)


def _parts(text: str) -> Iterator[LotPart]:
    return (part_of(*part) for parts in _PARTS.decode(text) for part in parts)
