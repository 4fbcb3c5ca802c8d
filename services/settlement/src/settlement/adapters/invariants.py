"""What must hold of settlement at every moment, as SQL that counts where it does not (architecture.md section 8)."""

from datetime import date, datetime, timedelta
from typing import Final

from psycopg2.extensions import cursor as Cursor

#: A committed batch that the relay has not published after so long counts as stuck.
OUTBOX_LATE: Final = timedelta(minutes=1)
#: A check reads whole tables: it may take longer than a call, and must not take for ever.
CHECK_TIMEOUT_MS: Final = 300_000

#: Name > a statement that returns how many violations it finds.
INVARIANTS: Final = {
    "batches-equal-their-lines": """
        select count(*) from settlement_batch as batch left join lateral (
            select count(*) as lines, coalesce(sum(points), 0) as points, coalesce(sum(amount_minor), 0) as amount_minor from settlement_line as line
            where line.legal_entity = batch.legal_entity and line.batch_id = batch.batch_id) as summed on true
        where batch.legal_entity = %(legal_entity)s and batch.business_on >= %(since)s
            and (batch.lines, batch.points, batch.amount_minor) <> (summed.lines, summed.points, summed.amount_minor)
    """,
    "steps-of-batches-are-checked": """
        select count(*) from settlement_batch where legal_entity = %(legal_entity)s
            and ((status = 'made') <> (reviewed_by is null) or (status = 'released') <> (released_by is not null))
    """,
    "outbox-empties": """
        select count(*) from outgoing_batch
        where xid >= (select coalesce(min(bound_xid), 0)::text::xid8 from relay_partition) and committed_at < %(late)s
    """,
}


def count_violations(cursor: Cursor, legal_entity: str, since: date, now: datetime) -> dict[str, int]:
    """Return how often each invariant of an entity's batches does not hold; those of lines for business dates from `since` on."""
    cursor.execute("set local statement_timeout = %s", (CHECK_TIMEOUT_MS,))
    counted = {}
    for name, statement in INVARIANTS.items():
        cursor.execute(statement, {"legal_entity": legal_entity, "since": since, "late": now - OUTBOX_LATE})
        row = cursor.fetchone()
        assert row is not None
        counted[name] = row[0]
    return counted
