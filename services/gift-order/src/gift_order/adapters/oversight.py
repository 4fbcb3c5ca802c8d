"""What is looked at from time to time: orders that do not come to rest, stocks that do not tie to their movements."""

from datetime import datetime
from typing import Final

from psycopg2.extensions import cursor as Cursor

from gift_order.domain.orders import MOVING

_OVERDUE: Final = "select count(*) from customer_order where attend_at is not null and status in %s and changed_at < %s"
_MISMATCHES: Final = """
select count(*) from gift left join (
    select legal_entity, gift_code, sum(change) as stock from stock_movement group by legal_entity, gift_code) as moved using (legal_entity, gift_code)
where gift.stock <> coalesce(moved.stock, 0)
"""


def count_overdue(cursor: Cursor, since: datetime) -> int:
    """Return how many orders have been moving since before that instant."""
    cursor.execute(_OVERDUE, (tuple(status.value for status in MOVING), since))
    return _count(cursor)


def count_mismatches(cursor: Cursor) -> int:
    """Return how many gifts have a stock that is not the sum of its movements."""
    cursor.execute(_MISMATCHES)
    return _count(cursor)


def _count(cursor: Cursor) -> int:
    row = cursor.fetchone()
    assert row is not None
    count: int = row[0]
    return count
