"""Create the points ledger: accounts, lots, the append-only entries, and what every service has."""

from alembic import op
from sqlalchemy import MetaData

from loyalty_shared.persistence.dead_letters import dead_letter_table, source_state_table
from loyalty_shared.persistence.entity_dates import entity_table
from loyalty_shared.persistence.offsets import consumer_offset_table
from loyalty_shared.persistence.outgoing import outgoing_batch_table, relay_partition_table, relay_recovery_table, relay_seal_table
from loyalty_shared.web.credentials import credential_table
from loyalty_shared.web.idempotency import idempotency_table

revision = "ledger"
down_revision = None

LEDGER = """
create table account (
    legal_entity text collate "C" not null,
    customer_no text collate "C" not null,
    version bigint not null,
    totals json not null,
    arrears json,
    opened_at timestamptz not null,
    primary key (legal_entity, customer_no)
) with (fillfactor = 75);

create table lot (
    points bigint not null,
    held bigint not null,
    lapsed bigint not null,
    excused bigint not null,
    legal_entity text collate "C" not null,
    customer_no text collate "C" not null,
    point_type text collate "C" not null,
    available_on date not null,
    expires_on date not null,
    party text collate "C" not null,
    institution text collate "C" not null,
    primary key (legal_entity, customer_no, point_type, available_on, expires_on, party, institution),
    constraint ck_lot_points check (held between 0 and points and excused between 0 and lapsed)
) with (fillfactor = 75);
create index ix_lot_expires_on on lot (legal_entity, expires_on, customer_no) where expires_on < 'infinity';
create index ix_lot_pending on lot (legal_entity, available_on, customer_no) where available_on > '-infinity';

create table entry (
    batch_no bigint not null,
    account_version bigint not null,
    points bigint not null,
    balance_after bigint not null,
    posted_at timestamptz not null,
    position integer not null,
    business_on date not null,
    partition smallint not null,
    cause_leg smallint not null,
    legal_entity text collate "C" not null,
    customer_no text collate "C" not null,
    kind text not null,
    point_type text not null,
    lots json not null,
    cause_kind text not null,
    cause_source text not null,
    cause_no text not null,
    rule_code text,
    application text,
    channel text,
    institution text,
    debit_account text not null,
    credit_account text not null,
    primary key (batch_no, position),
    constraint uq_entry_legal_entity_customer_no_account_version unique (legal_entity, customer_no, account_version)
);

create function refuse_change() returns trigger language plpgsql as
$$ begin raise exception '% is append-only: a correction is a new entry', tg_table_name using errcode = 'integrity_constraint_violation'; end $$;
create trigger append_only before update or delete or truncate on entry for each statement execute function refuse_change();

create table customer (
    legal_entity text collate "C" not null,
    customer_no text collate "C" not null,
    status text not null,
    changed_at timestamptz not null,
    primary key (legal_entity, customer_no)
);

create table day_closed (
    batch_no bigint not null,
    position integer not null,
    partition smallint not null,
    legal_entity text collate "C" not null,
    business_on date not null,
    entries bigint not null,
    points_by_kind json not null,
    closed_at timestamptz not null,
    primary key (batch_no, position),
    constraint uq_day_closed_legal_entity_business_on_partition unique (legal_entity, business_on, partition)
);
"""


def upgrade() -> None:
    shared = MetaData(naming_convention={"uq": "uq_%(table_name)s_%(column_0_N_name)s"})
    for table in (
        entity_table,
        credential_table,
        idempotency_table,
        outgoing_batch_table,
        relay_partition_table,
        relay_seal_table,
        relay_recovery_table,
        consumer_offset_table,
        dead_letter_table,
        source_state_table,
    ):
        table(shared)
    shared.create_all(op.get_bind())
    op.execute(LEDGER)
