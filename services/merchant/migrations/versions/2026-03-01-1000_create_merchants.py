"""Create merchants, their stores and contracts, the changes that are published, and what every service has."""

from alembic import op
from sqlalchemy import MetaData

from loyalty_shared.persistence.dead_letters import dead_letter_table, source_state_table
from loyalty_shared.persistence.entity_dates import entity_table
from loyalty_shared.persistence.offsets import consumer_offset_table
from loyalty_shared.persistence.outgoing import outgoing_batch_table, relay_partition_table, relay_recovery_table, relay_seal_table
from loyalty_shared.web.credentials import credential_table
from loyalty_shared.web.idempotency import idempotency_table

revision = "merchants"
down_revision = None
branch_labels = None
depends_on = None

MERCHANTS = """
create sequence merchant_no;

create table merchant (
    legal_entity text collate "C" not null,
    merchant_no text collate "C" not null,
    status text not null,
    merchant_type text not null,
    institution text,
    version integer not null,
    profile jsonb not null,
    made_by text not null,
    checked_by text,
    reason text,
    registered_at timestamptz not null,
    changed_at timestamptz not null,
    primary key (legal_entity, merchant_no)
);
create index ix_merchant_status on merchant (legal_entity, status, merchant_no);

create table store (
    legal_entity text collate "C" not null,
    merchant_no text collate "C" not null,
    store_no text collate "C" not null,
    body jsonb not null,
    primary key (legal_entity, merchant_no, store_no)
);

create table contract (
    legal_entity text collate "C" not null,
    merchant_no text collate "C" not null,
    contract_no text collate "C" not null,
    status text not null,
    effective_from date not null,
    effective_to date not null,
    body jsonb not null,
    primary key (legal_entity, merchant_no, contract_no)
);

create table merchant_change (
    batch_no bigint not null,
    position integer not null,
    legal_entity text collate "C" not null,
    merchant_no text collate "C" not null,
    reason text,
    body text not null,
    traceparent text,
    changed_at timestamptz not null,
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
    op.execute(MERCHANTS)
