"""A database that was set back reads its input again, and publishes again what it had published, under new numbers.

Until its consumers have read as far as Kafka went when the new epoch began, its records say so (`ce_recovering`), and readers compare them by cause.
"""

from collections.abc import Iterable

from psycopg2.extensions import cursor as Cursor
from psycopg2.extras import execute_values

InputPartition = tuple[str, str, int]  # consumer group, topic, partition

_EXPECT = """
insert into relay_recovery (consumer_group, topic, partition, until_offset) values %s
on conflict (consumer_group, topic, partition) do update set until_offset = greatest(relay_recovery.until_offset, excluded.until_offset)
"""
_IS_BEHIND = """
select exists (
    select from relay_recovery as recovery left join consumer_offset as place using (consumer_group, topic, partition)
    where coalesce(place.next_offset, 0) < recovery.until_offset)
"""
#: Only once no partition has a window left that began before the input was read again.
_END = "delete from relay_recovery where not exists (select from relay_partition where bound_xid < %s)"


def expect_again(cursor: Cursor, ends: Iterable[tuple[InputPartition, int]]) -> None:
    """Store how far each input partition must be read before records need no comparing."""
    rows = [(*partition, end) for partition, end in ends if end > 0]
    if rows:
        execute_values(cursor, _EXPECT, rows)


def is_recovering(cursor: Cursor) -> bool:
    """Tell whether records must say that they may repeat, under other numbers, what was published before."""
    cursor.execute("select exists (select from relay_recovery)")
    return bool((cursor.fetchone() or (False,))[0])


def has_read_again(cursor: Cursor) -> bool:
    """Tell whether the service's consumers have passed every place that they had to."""
    cursor.execute(_IS_BEHIND)
    return not (cursor.fetchone() or (True,))[0]


def end_recovery(cursor: Cursor, read_again_xid: int) -> bool:
    """End the recovery if everything that committed before `read_again_xid` is published; tell whether it ended."""
    cursor.execute(_END, (read_again_xid,))
    return cursor.rowcount > 0
