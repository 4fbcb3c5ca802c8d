"""The close of a business date: what the ledger posted on it, told once for each partition of its topic."""

from datetime import date
from typing import Final

import msgspec
from psycopg2.extensions import cursor as Cursor
from psycopg2.extras import execute_values

from loyalty_shared.contracts.topics import REDEMPTION_LEDGER
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.persistence.outgoing import begin_batch

# All that the entity posted since its last close is of this date, and in batches of a later number.
_POSTED: Final = """
select partition, kind, count(*), sum(points)::bigint from entry
where batch_no > coalesce((select max(batch_no) from day_closed where legal_entity = %(legal_entity)s), 0)
    and legal_entity = %(legal_entity)s
group by partition, kind order by partition, kind
"""
_CLOSE: Final = "insert into day_closed (batch_no, position, partition, legal_entity, business_on, entries, points_by_kind, closed_at) values %s"


def close_day(cursor: Cursor, legal_entity: str, business_on: date, clock: Clock) -> None:
    """Publish that the entity's date gets no more postings. Called under the entity's exclusive date lock, which every posting has let go by then."""
    cursor.execute(_POSTED, {"legal_entity": legal_entity})
    entries = dict.fromkeys(range(REDEMPTION_LEDGER.partitions), 0)
    points: dict[int, dict[str, int]] = {partition: {} for partition in entries}
    for partition, kind, count, total in cursor.fetchall():
        entries[partition] += count
        points[partition][kind] = total
    at = clock.now()
    batch_no = begin_batch(cursor, at)
    rows = [
        (batch_no, partition, partition, legal_entity, business_on, entries[partition], msgspec.json.encode(points[partition]).decode(), at)
        for partition in entries
    ]
    execute_values(cursor, _CLOSE, rows)
