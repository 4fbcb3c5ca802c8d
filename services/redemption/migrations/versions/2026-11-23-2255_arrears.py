"""Arrears by age, and their write-off. The table repeats what accounts owe, with the date since when; for accounts that owe now, their entries tell it."""

from alembic import op

revision = "arrears"
down_revision = "expiry"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    create table arrears (
        legal_entity text collate "C" not null,
        customer_no text collate "C" not null,
        point_type text collate "C" not null,
        points bigint not null,
        since_on date not null,
        primary key (legal_entity, customer_no, point_type),
        constraint ck_arrears_points check (points > 0)
    );
    create index ix_arrears_since_on on arrears (legal_entity, since_on, customer_no, point_type);
    with owing as (
        select legal_entity, customer_no, owed.key as point_type, owed.value::text::bigint as points
        from account, json_each(arrears) as owed where arrears is not null),
    running as (
        select owing.*, account_version, business_on,
            sum(coalesce((select sum((part.value ->> 1)::bigint) from json_array_elements(lots) as part), 0) - entry.points)
                over (partition by legal_entity, customer_no, point_type order by account_version) as owed
        from owing join entry using (legal_entity, customer_no, point_type)),
    begun as (
        select *, max(account_version) filter (where owed = 0) over (partition by legal_entity, customer_no, point_type) as clear_at from running)
    insert into arrears (legal_entity, customer_no, point_type, points, since_on)
    select legal_entity, customer_no, point_type, points, min(business_on) from begun
    where account_version > coalesce(clear_at, 0) group by legal_entity, customer_no, point_type, points;
    create table arrears_write_off (
        legal_entity text collate "C" not null,
        write_off_id text collate "C" not null,
        customer_no text collate "C" not null,
        point_type text not null,
        points bigint not null,
        reason text not null,
        status text not null,
        made_by text not null,
        made_at timestamptz not null,
        checked_by text,
        checked_at timestamptz,
        primary key (legal_entity, write_off_id)
    );
    create index ix_arrears_write_off_of_customer on arrears_write_off (legal_entity, customer_no, write_off_id);
    """)
