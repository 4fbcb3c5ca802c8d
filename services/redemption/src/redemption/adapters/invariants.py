"""What must hold of the ledger at every moment, as SQL that counts where it does not (architecture.md section 8)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from psycopg2.extensions import cursor as Cursor

#: A committed batch that the relay has not published after so long counts as stuck.
OUTBOX_LATE: Final = timedelta(minutes=1)
#: A check reads whole tables: it may take longer than a call, and must not take for ever.
CHECK_TIMEOUT_MS: Final = 300_000

_NETS: Final = """
net as (
    select customer_no, kept.key as point_type, (kept.value ->> 0)::bigint - (kept.value ->> 1)::bigint - (kept.value ->> 2)::bigint as points
    from account, json_each(totals) as kept where legal_entity = %(legal_entity)s)
"""
_POSTINGS: Final = """
posting as (
    select customer_no, point_type, sum(points) as points, count(*) as entries,
        sum(points) filter (
            where 'moved:earned' in (debit_account, credit_account) or debit_account like 'issued:%%' or credit_account like 'issued:%%') as earned,
        -sum(points) filter (
            where 'moved:used' in (debit_account, credit_account) or debit_account like 'redeemed:%%' or credit_account like 'redeemed:%%') as used,
        -sum(points) filter (where 'moved:expired' in (debit_account, credit_account) or credit_account = 'expired') as expired
    from entry where legal_entity = %(legal_entity)s group by customer_no, point_type)
"""

#: Name > a statement that returns how many violations it finds.
INVARIANTS: Final = {
    "postings-equal-lots-and-arrears": f"""
        with {_NETS},
        lots as (select customer_no, point_type, sum(points) as points from lot where legal_entity = %(legal_entity)s group by customer_no, point_type),
        owed as (select customer_no, owing.key as point_type, owing.value::text::bigint as points
            from account, json_each(arrears) as owing where legal_entity = %(legal_entity)s)
        select count(*) from net full join lots using (customer_no, point_type) full join owed using (customer_no, point_type)
        where coalesce(net.points, 0) <> coalesce(lots.points, 0) - coalesce(owed.points, 0)
    """,
    "balances-equal-entries": f"""
        with {_POSTINGS},
        kept as (
            select customer_no, kept.key as point_type, (kept.value ->> 0)::bigint as earned, (kept.value ->> 1)::bigint as used,
                (kept.value ->> 2)::bigint as expired
            from account, json_each(totals) as kept where legal_entity = %(legal_entity)s)
        select count(*) from kept full join posting using (customer_no, point_type)
        where (coalesce(kept.earned, 0), coalesce(kept.used, 0), coalesce(kept.expired, 0))
            <> (coalesce(posting.earned, 0), coalesce(posting.used, 0), coalesce(posting.expired, 0))
    """,
    "balance-after-adds-up": """
        select count(*) from (
            select balance_after - points - lag(balance_after, 1, 0::bigint) over (partition by customer_no, point_type order by account_version) as difference
            from entry where legal_entity = %(legal_entity)s) as step
        where difference <> 0
    """,
    "account-versions-gapless": """
        with posted as (
            select customer_no, count(*) as entries, max(account_version) as newest from entry where legal_entity = %(legal_entity)s group by customer_no)
        select count(*) from account left join posted using (customer_no)
        where legal_entity = %(legal_entity)s and (version, version) <> (coalesce(posted.entries, 0), coalesce(posted.newest, 0))
    """,
    "trial-balance-zero": f"""
        with {_NETS},
        control as (
            select account, sum(points) as points from (
                select credit_account as account, abs(points) as points from entry where legal_entity = %(legal_entity)s
                union all select debit_account, -abs(points) from entry where legal_entity = %(legal_entity)s) as side
            group by account),
        customers as (select 'customer:' || point_type as account, sum(points) as points from net group by point_type)
        select count(*) + (select (coalesce(sum(points), 0) <> 0)::int from control)
        from (select * from control where account like 'customer:%%') as control full join customers using (account)
        where coalesce(control.points, 0) <> coalesce(customers.points, 0)
    """,
    "no-lot-below-zero": """
        select count(*) from lot
        where legal_entity = %(legal_entity)s and (points < 0 or held < 0 or held > points or excused < 0 or excused > lapsed)
    """,
    "no-arrears-beside-points": """
        select count(*) from account, json_each(arrears) as owing
        where legal_entity = %(legal_entity)s and exists (
            select from lot, entity
            where lot.legal_entity = account.legal_entity and lot.customer_no = account.customer_no and lot.point_type = owing.key
                and lot.available_on = '-infinity' and lot.points > lot.held and entity.legal_entity = account.legal_entity
                and least(lot.expires_on, lot.slides_to) >= entity.business_on)
    """,
    "lapsed-points-are-expired": """
        select count(*) from lot join expiry_progress using (legal_entity)
        where legal_entity = %(legal_entity)s and least(expires_on, slides_to) < expired_before and points > held
    """,
    # A refund may take from its earning and, by the rule's remainder, beyond it; a recalculation may post several lots. Those stand one right after the other.
    "every-earning-once": """
        select count(*) from (
            select from entry where legal_entity = %(legal_entity)s and kind in ('earned', 'clawed-back')
            group by kind, cause_source, cause_no, cause_leg, cause_kind, rule_code
            having count(*) > 1 and not ((kind = 'clawed-back' or cause_kind like 'recalculation:%%')
                and min(customer_no) = max(customer_no) and max(account_version) - min(account_version) = count(*) - 1)) as repeated
    """,
    "held-points-equal-holds": """
        with promised as (
            select coalesce(merged_into, customer_no) as customer_no, part.value ->> 0 as lot_id, sum((part.value ->> 1)::bigint) as points
            from hold left join account using (legal_entity, customer_no), json_array_elements(lots) as part
            where legal_entity = %(legal_entity)s and status = 'reserved' group by coalesce(merged_into, customer_no), lot_id),
        promised_by_customer as (select customer_no, sum(points) as points from promised group by customer_no),
        kept as (select customer_no, sum(held) as points from lot where legal_entity = %(legal_entity)s and held > 0 group by customer_no)
        select count(*) from kept full join promised_by_customer using (customer_no)
        where coalesce(kept.points, 0) <> coalesce(promised_by_customer.points, 0)
    """,
    "every-hold-ends-once": """
        select count(*) from hold where legal_entity = %(legal_entity)s
            and ((status = 'reserved') <> (ended_at is null) or (status = 'captured') <> (redemption_id is not null))
    """,
    "adjusted-points-equal-adjustments": """
        with adjusted as (
            select split_part(cause_no, ':', 1) as cause_no, sum(points) as points from entry
            where legal_entity = %(legal_entity)s and kind in ('adjusted', 'written-off')
            group by 1),
        asked as (
            select adjustment_id as cause_no, points from adjustment where legal_entity = %(legal_entity)s and status = 'posted'
            union all select write_off_id, points from arrears_write_off where legal_entity = %(legal_entity)s and status = 'posted'
            union all select file_id, posted_given - posted_taken from adjustment_file where legal_entity = %(legal_entity)s)
        select count(*) from adjusted full join asked using (cause_no) where coalesce(adjusted.points, 0) <> coalesce(asked.points, 0)
    """,
    "arrears-are-listed": """
        with told as (
            select customer_no, owing.key as point_type, owing.value::text::bigint as points
            from account, json_each(arrears) as owing where legal_entity = %(legal_entity)s and arrears is not null),
        listed as (select customer_no, point_type, points from arrears where legal_entity = %(legal_entity)s)
        select count(*) from told full join listed using (customer_no, point_type) where coalesce(told.points, 0) <> coalesce(listed.points, 0)
    """,
    "accounts-tell-their-freezes": """
        with told as (
            select customer_no, part.value ->> 0 as freeze_id, (part.value ->> 1)::bigint as points, (part.value ->> 2)::date as until
            from account, json_array_elements(freezes) as part where legal_entity = %(legal_entity)s and freezes is not null),
        kept as (
            select customer_no, freeze_id, points, until from point_freeze
            where legal_entity = %(legal_entity)s and status = 'frozen' and ended_at is null)
        select (select count(*) from (table told except table kept) as untrue) + (select count(*) from (table kept except table told) as untold)
            + (select count(*) from point_freeze where legal_entity = %(legal_entity)s and (status = 'frozen') <> (ended_at is null))
    """,
    "used-points-equal-redemptions": """
        with used as (
            select customer_no, sum((kept.value ->> 1)::bigint) as points from account, json_each(totals) as kept
            where legal_entity = %(legal_entity)s group by customer_no),
        redeemed as (
            select coalesce(merged_into, customer_no) as customer_no, sum((part.value ->> 2)::bigint) as points
            from redemption left join account using (legal_entity, customer_no), json_array_elements(lots) as part
            where legal_entity = %(legal_entity)s group by coalesce(merged_into, customer_no))
        select count(*) from used full join redeemed using (customer_no) where coalesce(used.points, 0) <> coalesce(redeemed.points, 0)
    """,
    "outbox-empties": """
        select count(*) from outgoing_batch
        where xid >= (select coalesce(min(bound_xid), 0)::text::xid8 from relay_partition) and committed_at < %(late)s
    """,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """How often an invariant does not hold; 0 is what it should be."""

    name: str
    violations: int
    checked_at: datetime


def check_invariants(cursor: Cursor, legal_entity: str, now: datetime) -> list[Checked]:
    """Return every invariant of an entity's ledger, checked now in one snapshot. Reads whole tables."""
    cursor.execute("set transaction isolation level repeatable read, read only; set local statement_timeout = %s", (CHECK_TIMEOUT_MS,))
    checked = []
    for name, statement in INVARIANTS.items():
        cursor.execute(statement, {"legal_entity": legal_entity, "late": now - OUTBOX_LATE})
        row = cursor.fetchone()
        assert row is not None
        checked.append(Checked(name=name, violations=row[0], checked_at=now))
    return checked
