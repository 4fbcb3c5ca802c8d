"""Which customer numbers became one, over one transaction's cursor."""

from collections.abc import Collection
from typing import Final

from psycopg2.extensions import cursor as Cursor

from accrual.application.facts import CustomerKey
from accrual.application.merged_usage import Merged
from loyalty_shared.contracts.redemption import CustomerMergedV1, CustomerMergeUndoneV1
from loyalty_shared.persistence.arrays import text_array

_MERGED: Final = """
insert into customer_merge (legal_entity, merge_id, from_customer_no, into_customer_no, is_undone) values (%s, %s, %s, %s, %s)
on conflict (legal_entity, merge_id) do update set is_undone = excluded.is_undone or customer_merge.is_undone
"""
#: Who answers for whom: every merged number has the one that answers for it in the end.
_FORGET: Final = "delete from merged_number where legal_entity = %s and customer_no = any(%s)"
_DERIVE: Final = """
with recursive chain as (
    select from_customer_no as customer_no, into_customer_no as survivor, 1 as steps from customer_merge
    where legal_entity = %(legal_entity)s and not is_undone and from_customer_no = any(%(numbers)s)
    union all
    select chain.customer_no, customer_merge.into_customer_no, steps + 1 from chain join customer_merge
        on customer_merge.legal_entity = %(legal_entity)s and not is_undone and from_customer_no = chain.survivor
    where steps < 1000)
insert into merged_number (legal_entity, customer_no, survivor)
select distinct on (customer_no) %(legal_entity)s, customer_no, survivor from chain order by customer_no, steps desc
"""
#: The numbers whose survivor a merge or its undoing may change: the one merged, and all that were merged into that before.
_BELOW: Final = """
with recursive below as (
    select %(number)s as customer_no
    union
    select from_customer_no from below join customer_merge on legal_entity = %(legal_entity)s and into_customer_no = below.customer_no)
select customer_no from below
"""
_ANY: Final = "select exists (select from merged_number)"
_GROUPS: Final = """
with wanted as (select distinct * from unnest(%s::text[], %s::text[]) as wanted (legal_entity, customer_no)),
survivors as (
    select distinct wanted.legal_entity, coalesce(merged_number.survivor, wanted.customer_no) as survivor
    from wanted left join merged_number using (legal_entity, customer_no))
select legal_entity, survivor, array_agg(merged_number.customer_no order by merged_number.customer_no)
from survivors join merged_number using (legal_entity, survivor) group by legal_entity, survivor
"""


class SqlMerges:
    """Customer numbers that became one."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def record(self, event: CustomerMergedV1) -> None:
        """Keep a merge, or that one was undone, and who answers for whom from now on."""
        is_undone = isinstance(event, CustomerMergeUndoneV1)
        self._cursor.execute(_MERGED, (event.legal_entity, event.merge_id, event.from_customer_no, event.into_customer_no, is_undone))
        self._cursor.execute(_BELOW, {"legal_entity": event.legal_entity, "number": event.from_customer_no})
        numbers = [number for (number,) in self._cursor.fetchall()]
        self._cursor.execute(_FORGET, (event.legal_entity, numbers))
        self._cursor.execute(_DERIVE, {"legal_entity": event.legal_entity, "numbers": numbers})


def has_merged(cursor: Cursor) -> bool:
    """Tell, for a glance, whether any customer number was merged."""
    cursor.execute(_ANY)
    row = cursor.fetchone()
    return row is not None and bool(row[0])


def find_merged(cursor: Cursor, customers: Collection[CustomerKey]) -> Merged:
    """Return, of those customer numbers that were merged or merged into, all numbers that are one customer's with them; none, for a glance, where none was."""
    if not has_merged(cursor):
        return {}
    entities, numbers = zip(*customers, strict=True)
    cursor.execute(_GROUPS, (text_array(entities), text_array(numbers)))
    merged: dict[CustomerKey, tuple[CustomerKey, ...]] = {}
    for legal_entity, survivor, others in cursor.fetchall():
        group = tuple((legal_entity, number) for number in (survivor, *others))
        merged |= dict.fromkeys(group, group)
    return merged
