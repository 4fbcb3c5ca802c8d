"""Family pools over one transaction's cursor."""

from collections.abc import Sequence
from typing import Any, Final

from psycopg2.extensions import cursor as Cursor
from psycopg2.extras import execute_values

from redemption.domain.account import Account
from redemption.domain.pools import Pool, PoolMember, PoolStatus, Standing

_COLUMNS: Final = "pool_id, owner_customer_no, reason, made_by, made_at, status, checked_by, checked_at, closed_by, closed_at"
_MEMBERS: Final = """
array(select array[customer_no, limit_points_per_month::text] from family_pool_member as member
    where member.legal_entity = family_pool.legal_entity and member.pool_id = family_pool.pool_id order by place)
"""
_FIND: Final = f"select {_COLUMNS}, {_MEMBERS} from family_pool where legal_entity = %s and pool_id = %s"
_LIST: Final = f"""
select {_COLUMNS}, {_MEMBERS} from family_pool
where legal_entity = %(legal_entity)s and (%(after)s is null or pool_id < %(after)s)
    and (%(customer_no)s is null or owner_customer_no = %(customer_no)s or pool_id in (
        select pool_id from family_pool_member where legal_entity = %(legal_entity)s and customer_no = %(customer_no)s))
order by pool_id desc limit %(limit)s
"""
_ADD: Final = "insert into family_pool (legal_entity, pool_id, owner_customer_no, reason, status, made_by, made_at) values (%s, %s, %s, %s, %s, %s, %s)"
_ADD_MEMBERS: Final = "insert into family_pool_member (legal_entity, pool_id, customer_no, place, limit_points_per_month) values %s"
_CHANGE: Final = """
update family_pool set status = %s, checked_by = %s, checked_at = %s, closed_by = %s, closed_at = %s where legal_entity = %s and pool_id = %s
"""
#: Owner and member are each all the numbers that became one. What is held or spent and was not given back counts, as in applications' limits.
_STANDING: Final = """
with member as (
    select coalesce(survivor.customer_no, %(member)s) as answers, coalesce(survivor.customer_no, %(member)s) || survivor.merged as numbers
    from (values (%(legal_entity)s, %(member)s)) as wanted (legal_entity, customer_no)
    left join account using (legal_entity, customer_no)
    left join account as survivor
        on survivor.legal_entity = account.legal_entity and survivor.customer_no = coalesce(account.merged_into, account.customer_no)),
allowed as (
    select count(*) > 0 as is_member, bool_or(limit_points_per_month is null) as is_unlimited, max(limit_points_per_month) as limit_points
    from member, family_pool join family_pool_member using (legal_entity, pool_id)
    where legal_entity = %(legal_entity)s and owner_customer_no = any(%(owner)s) and status = 'active' and customer_no = any(member.numbers)),
counted as (
    select points from member, hold
    where legal_entity = %(legal_entity)s and customer_no = any(%(owner)s) and status = 'reserved' and counted_on >= %(month)s
        and spent_by = any(member.numbers)
    union all
    select (part.value ->> 2)::bigint from member, redemption, json_array_elements(lots) as part
    where legal_entity = %(legal_entity)s and customer_no = any(%(owner)s) and counted_on >= %(month)s and spent_by = any(member.numbers))
select is_member, case when not is_unlimited then limit_points end, (select coalesce(sum(points), 0)::bigint from counted),
    coalesce((select status from customer, member where legal_entity = %(legal_entity)s and customer_no = member.answers), 'active')
from allowed
"""


def find_standing(cursor: Cursor, owner: Account, member_no: str) -> Standing | None:
    """Return how a member stands to the owner, whose account is locked; None: in no active pool of his. Of several pools the widest limit holds."""
    wanted = {"legal_entity": owner.legal_entity, "owner": list(owner.numbers), "member": member_no, "month": owner.business_on.replace(day=1)}
    cursor.execute(_STANDING, wanted)
    row = cursor.fetchone()
    assert row is not None
    is_member, limit_points, spent_points, customer_status = row
    return Standing(limit_points=limit_points, spent_points=spent_points, customer_status=customer_status) if is_member else None


class SqlPools:
    """The family pools. Whoever changes one holds its row."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def find(self, legal_entity: str, pool_id: str) -> Pool | None:
        """Return a pool; None when there is none of that id."""
        return self._find(_FIND, legal_entity, pool_id)

    def find_for_update(self, legal_entity: str, pool_id: str) -> Pool | None:
        """Return a pool, locked; None when there is none of that id."""
        return self._find(_FIND + " for update", legal_entity, pool_id)

    def _find(self, statement: str, legal_entity: str, pool_id: str) -> Pool | None:
        self._cursor.execute(statement, (legal_entity, pool_id))
        row = self._cursor.fetchone()
        return _pool(row) if row else None

    def list_page(self, legal_entity: str, customer_no: str | None, after: str | None, limit: int) -> Sequence[Pool]:
        """Return pools, newest first, which a customer owns or is a member of, or all, those older than `after`."""
        self._cursor.execute(_LIST, {"legal_entity": legal_entity, "customer_no": customer_no, "after": after, "limit": limit})
        return [_pool(row) for row in self._cursor.fetchall()]

    def add(self, legal_entity: str, pool: Pool) -> None:
        """Write a new pool and its members."""
        values = (legal_entity, pool.pool_id, pool.owner_customer_no, pool.reason, pool.status.value, pool.made_by, pool.made_at)
        self._cursor.execute(_ADD, values)
        members = [(legal_entity, pool.pool_id, member.customer_no, place, member.limit_points_per_month) for place, member in enumerate(pool.members)]
        execute_values(self._cursor, _ADD_MEMBERS, members)

    def change(self, legal_entity: str, pool: Pool) -> None:
        """Write what has become of a locked pool."""
        decided = (pool.status.value, pool.checked_by, pool.checked_at, pool.closed_by, pool.closed_at)
        self._cursor.execute(_CHANGE, (*decided, legal_entity, pool.pool_id))


def _pool(row: Sequence[Any]) -> Pool:
    pool_id, owner_customer_no, reason, made_by, made_at, status, checked_by, checked_at, closed_by, closed_at, members = row
    return Pool(
        pool_id=pool_id,
        owner_customer_no=owner_customer_no,
        members=tuple(PoolMember(customer_no=number, limit_points_per_month=None if most is None else int(most)) for number, most in members),
        reason=reason,
        made_by=made_by,
        made_at=made_at,
        status=PoolStatus(status),
        checked_by=checked_by,
        checked_at=checked_at,
        closed_by=closed_by,
        closed_at=closed_at,
    )
