"""The mart ties to the ledger: SQL that counts where it does not (architecture.md section 8)."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from psycopg2.extensions import cursor as Cursor

from loyalty_shared.contracts.topics import REDEMPTION_LEDGER
from reporting.adapters.mart_rows import KEY_TEXT

#: A check reads whole tables: it may take longer than a call, and must not take for ever.
CHECK_TIMEOUT_MS: Final = 300_000

#: On dates that every partition has told to be closed: points by kind, and the number of entries.
BREAKS_OF_CLOSED_DAYS: Final = """
with until as (
    select max(business_on) as business_on from (
        select business_on from day_close where legal_entity = %(legal_entity)s group by business_on having count(*) = %(partitions)s) as closed),
kept as (
    select business_on, partition, kind, sum(points) as points, sum(entries) as entries from posting_group
    where legal_entity = %(legal_entity)s and business_on < %(before)s and business_on <= (select business_on from until)
    group by business_on, partition, kind),
told as (
    select business_on, partition, points_by_kind, entries from day_close
    where legal_entity = %(legal_entity)s and business_on < %(before)s and business_on <= (select business_on from until)),
told_by_kind as (select business_on, partition, of_kind.key as kind, of_kind.value::bigint as points from told, jsonb_each_text(points_by_kind) as of_kind)
select
    (select count(*) from kept full join told_by_kind using (business_on, partition, kind) where coalesce(kept.points, 0) <> coalesce(told_by_kind.points, 0))
    + (select count(*) from (select business_on, partition, sum(entries) as entries from kept group by business_on, partition) as counted
        full join told using (business_on, partition) where coalesce(counted.entries, 0) <> coalesce(told.entries, 0))
"""

#: Name > a statement that returns how many violations it finds.
INVARIANTS: Final = {
    "mart-ties-to-the-ledger": BREAKS_OF_CLOSED_DAYS,
    "groups-equal-tallies": """
        with kept as (
            select business_on, partition, kind, sum(entries) as entries, sum(points) as points, sum(lots) as lots from posting_group
            where legal_entity = %(legal_entity)s group by business_on, partition, kind)
        select count(*) from kept
            full join (select * from posting_tally where legal_entity = %(legal_entity)s) as tally using (business_on, partition, kind)
        where (coalesce(kept.entries, 0), coalesce(kept.points, 0), coalesce(kept.lots, 0))
            <> (coalesce(tally.entries, 0), coalesce(tally.points, 0), coalesce(tally.lots, 0))
    """,
    "groups-are-as-they-were-written": f"""
        select count(*) from posting_group as kept
        where legal_entity = %(legal_entity)s and seal <> seal_of({KEY_TEXT.format(row="kept")}, entries, points, lots)
    """,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """How often an invariant does not hold; 0 is what it should be."""

    name: str
    violations: int
    checked_at: datetime


def check_invariants(cursor: Cursor, legal_entity: str, now: datetime) -> list[Checked]:
    """Return every invariant of an entity's mart, checked now in one snapshot. Reads whole tables."""
    cursor.execute("set transaction isolation level repeatable read, read only; set local statement_timeout = %s", (CHECK_TIMEOUT_MS,))
    checked = []
    for name, statement in INVARIANTS.items():
        cursor.execute(statement, {"legal_entity": legal_entity, "before": date.max, "partitions": REDEMPTION_LEDGER.partitions})
        row = cursor.fetchone()
        assert row is not None
        checked.append(Checked(name=name, violations=int(row[0]), checked_at=now))
    return checked
