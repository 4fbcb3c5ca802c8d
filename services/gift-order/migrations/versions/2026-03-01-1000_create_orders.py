"""Create gifts and their stock, orders, what is published of them, campaigns' customers and wishes, and what every service has."""

from alembic import op
from sqlalchemy import MetaData

from loyalty_shared.persistence.dead_letters import dead_letter_table, source_state_table
from loyalty_shared.persistence.entity_dates import entity_table
from loyalty_shared.persistence.offsets import consumer_offset_table
from loyalty_shared.persistence.outgoing import outgoing_batch_table, relay_partition_table, relay_recovery_table, relay_seal_table
from loyalty_shared.web.credentials import credential_table
from loyalty_shared.web.idempotency import idempotency_table

revision = "orders"
down_revision = None

ORDERS = """
create table gift (
    legal_entity text collate "C" not null,
    gift_code text collate "C" not null,
    names jsonb not null,
    kind text not null,
    points bigint not null,
    cash_minor bigint not null,
    currency text not null,
    stock bigint not null,
    supplier text,
    campaign_code text,
    customer_limit bigint,
    status text not null,
    primary key (legal_entity, gift_code),
    constraint ck_gift_stock check (stock >= 0),
    constraint ck_gift_price check (points >= 1 and cash_minor >= 0)
);

create table stock_movement (
    movement_no bigint generated always as identity primary key,
    legal_entity text collate "C" not null,
    gift_code text collate "C" not null,
    kind text not null,
    pieces bigint not null,
    change bigint not null,
    order_id text,
    moved_by text,
    moved_at timestamptz not null,
    constraint ck_stock_movement_pieces check (pieces > 0)
);
create index ix_stock_movement_gift on stock_movement (legal_entity, gift_code, movement_no);
create function refuse_change() returns trigger language plpgsql as
$$ begin raise exception '% is append-only: a correction is a new movement', tg_table_name using errcode = 'integrity_constraint_violation'; end $$;
create trigger append_only before update or delete or truncate on stock_movement for each statement execute function refuse_change();

create table customer_order (
    legal_entity text collate "C" not null,
    order_id text collate "C" not null,
    customer_no text collate "C" not null,
    gift_code text collate "C" not null,
    supplier text,
    quantity bigint not null,
    points bigint not null,
    cash_minor bigint not null,
    currency text not null,
    delivery json,
    status text not null,
    placed_on date not null,
    placed_at timestamptz not null,
    changed_at timestamptz not null,
    version bigint not null,
    attend_at timestamptz,
    tries integer not null,
    reason text,
    reservation_id text,
    redemption_id text,
    pay_by timestamptz,
    payment_no text,
    paid_minor bigint not null,
    primary key (legal_entity, order_id)
);
create index ix_customer_order_customer on customer_order (legal_entity, customer_no, order_id);
create index ix_customer_order_attend_at on customer_order (attend_at) where attend_at is not null;

create table call_under_way (
    legal_entity text collate "C" not null,
    credential text collate "C" not null,
    key text collate "C" not null,
    body_sha256 bytea not null,
    order_id text collate "C" not null,
    primary key (legal_entity, credential, key)
);
create unique index uq_call_under_way_order on call_under_way (legal_entity, order_id);

create table fact (
    batch_no bigint not null,
    position integer not null,
    partition smallint not null,
    type text not null,
    key text not null,
    body text not null,
    traceparent text,
    happened_at timestamptz not null,
    primary key (batch_no, position)
);

create table campaign_customer (
    legal_entity text collate "C" not null,
    campaign_code text collate "C" not null,
    customer_no text collate "C" not null,
    primary key (legal_entity, campaign_code, customer_no)
);

create table wish (
    legal_entity text collate "C" not null,
    wish_id text collate "C" not null,
    customer_no text collate "C" not null,
    gift_code text collate "C" not null,
    status text not null,
    wished_at timestamptz not null,
    told_at timestamptz,
    ask_at timestamptz,
    tries integer not null,
    primary key (legal_entity, wish_id)
);
create unique index uq_wish_open on wish (legal_entity, customer_no, gift_code) where status = 'open';
create index ix_wish_ask_at on wish (ask_at) where status = 'open';
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
    op.execute(ORDERS)
