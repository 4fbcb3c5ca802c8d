"""Create the mart: groups of postings with their seals and tallies, closed days, decisions, live windows, reports made; and what every service has."""

from alembic import op
from sqlalchemy import MetaData

from loyalty_shared.persistence.dead_letters import dead_letter_table, source_state_table
from loyalty_shared.persistence.entity_dates import entity_table
from loyalty_shared.persistence.offsets import consumer_offset_table
from loyalty_shared.persistence.outgoing import outgoing_batch_table, relay_partition_table, relay_recovery_table, relay_seal_table
from loyalty_shared.web.credentials import credential_table
from loyalty_shared.web.idempotency import idempotency_table

revision = "mart"
down_revision = None

MART = """
create table posting_group (
    legal_entity text collate "C" not null,
    business_on date not null,
    partition smallint not null,
    point_type text collate "C" not null,
    kind text collate "C" not null,
    counter_account text collate "C" not null,
    institution text collate "C" not null,
    rule_code text collate "C" not null,
    channel text collate "C" not null,
    application text collate "C" not null,
    entries bigint not null,
    points bigint not null,
    lots bigint not null,
    seal numeric not null,
    primary key (legal_entity, business_on, partition, point_type, kind, counter_account, institution, rule_code, channel, application)
) with (fillfactor = 80);

create table posting_tally (
    legal_entity text collate "C" not null,
    business_on date not null,
    partition smallint not null,
    kind text collate "C" not null,
    entries bigint not null,
    points bigint not null,
    lots bigint not null,
    primary key (legal_entity, business_on, partition, kind)
) with (fillfactor = 50);

create table posted_batch (
    partition smallint not null,
    batch_no bigserial primary key,
    digests bytea not null
);
alter table posted_batch alter column digests set storage external; -- digests do not get shorter by compression

create table day_close (
    legal_entity text collate "C" not null,
    business_on date not null,
    partition smallint not null,
    entries bigint not null,
    points_by_kind jsonb not null,
    primary key (legal_entity, business_on, partition)
);

create table decided_group (
    legal_entity text collate "C" not null,
    decided_on date not null,
    institution text collate "C" not null,
    product text collate "C" not null,
    channel text collate "C" not null,
    currency text collate "C" not null,
    outcome text collate "C" not null,
    events bigint not null,
    points bigint not null,
    amount_minor numeric not null,
    primary key (legal_entity, decided_on, institution, product, channel, currency, outcome)
) with (fillfactor = 80);

create table live_group (
    batch_no bigint not null,
    position integer not null,
    decided_at timestamptz not null,
    legal_entity text collate "C" not null,
    institution text collate "C" not null,
    channel text collate "C" not null,
    outcome text collate "C" not null,
    events bigint not null,
    points bigint not null,
    primary key (batch_no, position)
);
create index ix_live_group_decided_at on live_group (decided_at);

create table institution (
    legal_entity text collate "C" not null,
    institution text collate "C" not null,
    parent text collate "C",
    names jsonb not null,
    level text not null,
    status text not null,
    primary key (legal_entity, institution)
);

create table made_report (
    legal_entity text collate "C" not null,
    business_on date not null,
    code text collate "C" not null,
    document json not null,
    made_at timestamptz not null,
    primary key (legal_entity, business_on, code)
);

-- What a group adds up to, its key included. It is additive: the sum over the batches of a group is what the group's sums make.
create function seal_of(key text, entries bigint, points bigint, lots bigint) returns numeric language sql immutable parallel safe as
$$ select entries * (hashtext(key)::numeric + 2147483649) + points * 1000003::numeric + lots * 998244353::numeric $$;
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
    op.execute(MART)
