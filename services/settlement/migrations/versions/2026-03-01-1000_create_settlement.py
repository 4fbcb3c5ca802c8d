"""Create settlement's view of the ledger, its batches, and what every service has."""

from alembic import op
from sqlalchemy import MetaData

from loyalty_shared.persistence.dead_letters import dead_letter_table, source_state_table
from loyalty_shared.persistence.entity_dates import entity_table
from loyalty_shared.persistence.offsets import consumer_offset_table
from loyalty_shared.persistence.outgoing import outgoing_batch_table, relay_partition_table, relay_recovery_table, relay_seal_table
from loyalty_shared.web.credentials import credential_table
from loyalty_shared.web.idempotency import idempotency_table

revision = "settlement"
down_revision = None

SETTLEMENT = """
create table ledger_day (
    legal_entity text collate "C" not null,
    business_on date not null,
    partition smallint not null,
    entries bigint not null,
    closed_entries bigint,
    closed_points json,
    primary key (legal_entity, business_on, partition)
);
create table ledger_points (
    legal_entity text collate "C" not null,
    business_on date not null,
    partition smallint not null,
    kind text collate "C" not null,
    funding text collate "C" not null,
    points bigint not null,
    primary key (legal_entity, business_on, partition, kind, funding)
);
create table ledger_spend (
    spend_no bigint generated always as identity,
    points bigint not null,
    posted_at timestamptz not null,
    business_on date not null,
    legal_entity text collate "C" not null,
    entry_id text not null,
    customer_no text not null,
    kind text not null,
    point_type text not null,
    application text not null,
    channel text,
    cause_kind text not null,
    cause_no text not null,
    paid json not null,
    primary key (spend_no)
);
create index ix_ledger_spend_legal_entity_business_on on ledger_spend (legal_entity, business_on);
create table ledger_digest (
    digest_no bigint generated always as identity,
    partition smallint not null,
    epoch integer not null,
    business_on date not null,
    digests bytea not null,
    primary key (digest_no)
);
create index ix_ledger_digest_partition_business_on on ledger_digest (partition, business_on);
create table party (
    legal_entity text collate "C" not null,
    party text collate "C" not null,
    primary key (legal_entity, party)
);
create table cost_per_point (
    legal_entity text collate "C" not null,
    effective_on date not null,
    minor text not null,
    currency text not null,
    primary key (legal_entity, effective_on)
);
create table settlement_batch (
    legal_entity text collate "C" not null,
    batch_id text collate "C" not null,
    party text collate "C" not null,
    business_on date not null,
    status text not null,
    lines integer not null,
    points bigint not null,
    amount_minor bigint not null,
    cost_minor text not null,
    currency text not null,
    by_kind json not null,
    made_by text not null,
    made_at timestamptz not null,
    reviewed_by text,
    reviewed_at timestamptz,
    released_by text,
    released_at timestamptz,
    primary key (legal_entity, batch_id),
    constraint uq_settlement_batch_legal_entity_business_on_party unique (legal_entity, business_on, party),
    constraint ck_settlement_batch_reviewer check (reviewed_by is null or reviewed_by <> made_by),
    constraint ck_settlement_batch_releaser check (released_by is null or released_by <> made_by)
);
create table settlement_line (
    line_no integer not null,
    legal_entity text collate "C" not null,
    batch_id text collate "C" not null,
    points bigint not null,
    amount_minor bigint not null,
    spend_points bigint not null,
    posted_at timestamptz not null,
    entry_id text not null,
    customer_no text not null,
    kind text not null,
    point_type text not null,
    application text not null,
    channel text,
    cause_kind text not null,
    cause_no text not null,
    paid json not null,
    primary key (legal_entity, batch_id, line_no),
    constraint fk_settlement_line_legal_entity_batch_id foreign key(legal_entity, batch_id) references settlement_batch (legal_entity, batch_id)
);
create table announcement (
    batch_no bigint not null,
    position integer not null,
    type text not null,
    key text not null,
    body text not null,
    traceparent text,
    announced_at timestamptz not null,
    primary key (batch_no, position)
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
    op.execute(SETTLEMENT)
