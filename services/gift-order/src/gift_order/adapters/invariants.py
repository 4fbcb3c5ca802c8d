"""What must hold of gifts and orders at every moment, as SQL that counts where it does not (architecture.md section 8)."""

from datetime import datetime, timedelta
from typing import Final

from psycopg2.extensions import cursor as Cursor

from gift_order.domain.orders import MOVING, WITH_PIECES

#: An order ends within a minute of a crash, while redemption answers.
MOVES_AT_MOST: Final = timedelta(minutes=1)
#: A committed batch that the relay has not published after so long counts as stuck.
OUTBOX_LATE: Final = timedelta(minutes=1)
#: A check reads whole tables: it may take longer than a call, and must not take for ever.
CHECK_TIMEOUT_MS: Final = 300_000

#: Name > a statement that returns how many violations it finds.
INVARIANTS: Final = {
    "stocks-are-their-movements": """
        select count(*) from gift left join (
            select gift_code, sum(change) as stock from stock_movement where legal_entity = %(legal_entity)s group by gift_code) as moved using (gift_code)
        where legal_entity = %(legal_entity)s and gift.stock <> coalesce(moved.stock, 0)
    """,
    "orders-have-their-pieces": """
        select count(*) from customer_order left join (
            select order_id, -sum(change) as pieces from stock_movement where legal_entity = %(legal_entity)s and order_id is not null group by order_id
        ) as moved using (order_id)
        where legal_entity = %(legal_entity)s and coalesce(moved.pieces, 0) <> case when status in %(with_pieces)s then quantity else 0 end
    """,
    "orders-come-to-rest": """
        select count(*) from customer_order
        where legal_entity = %(legal_entity)s and attend_at is not null and status in %(moving)s and changed_at < %(moving_since)s
    """,
    "outbox-empties": """
        select count(*) from outgoing_batch
        where xid >= (select coalesce(min(bound_xid), 0)::text::xid8 from relay_partition) and committed_at < %(late)s
    """,
}


def count_violations(cursor: Cursor, legal_entity: str, now: datetime) -> dict[str, int]:
    """Return how often each invariant of the entity's gifts and orders does not hold."""
    cursor.execute("set local statement_timeout = %s", (CHECK_TIMEOUT_MS,))
    counted = {}
    for name, statement in INVARIANTS.items():
        cursor.execute(
            statement,
            {
                "legal_entity": legal_entity,
                "with_pieces": tuple(status.value for status in WITH_PIECES),
                "moving": tuple(status.value for status in MOVING),
                "moving_since": now - MOVES_AT_MOST,
                "late": now - OUTBOX_LATE,
            },
        )
        row = cursor.fetchone()
        assert row is not None
        counted[name] = row[0]
    return counted
