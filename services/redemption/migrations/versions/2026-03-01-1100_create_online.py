"""Create what online calls need: applications, holds, redemptions, refunds, grants, channel serials."""

from alembic import op

revision = "online"
down_revision = "ledger"

ONLINE = """
create table application (
    legal_entity text collate "C" not null,
    code text collate "C" not null,
    is_open boolean not null,
    minimum bigint,
    step bigint,
    points_max bigint,
    primary key (legal_entity, code)
);

create table hold (
    legal_entity text collate "C" not null,
    reservation_id text collate "C" not null,
    customer_no text collate "C" not null,
    points bigint not null,
    application text not null,
    channel text not null,
    lots json not null,
    status text not null,
    redemption_id text,
    reserved_at timestamptz not null,
    expires_at timestamptz not null,
    ended_at timestamptz,
    primary key (legal_entity, reservation_id)
);
create index ix_hold_live on hold (legal_entity, customer_no) where status = 'reserved';
create index ix_hold_expires_at on hold (expires_at) where status = 'reserved';

create table redemption (
    legal_entity text collate "C" not null,
    redemption_id text collate "C" not null,
    customer_no text collate "C" not null,
    points bigint not null,
    application text not null,
    channel text not null,
    lots json not null,
    status text not null,
    business_on date not null,
    redeemed_at timestamptz not null,
    primary key (legal_entity, redemption_id)
);

create table refund (
    legal_entity text collate "C" not null,
    refund_id text collate "C" not null,
    redemption_id text collate "C" not null,
    points bigint not null,
    channel text not null,
    lots json not null,
    refunded_at timestamptz not null,
    primary key (legal_entity, refund_id)
);

create table point_grant (
    legal_entity text collate "C" not null,
    grant_id text collate "C" not null,
    customer_no text collate "C" not null,
    points bigint not null,
    lot_id text not null,
    channel text not null,
    reason text not null,
    granted_at timestamptz not null,
    primary key (legal_entity, grant_id)
);

create table channel_serial (
    legal_entity text collate "C" not null,
    channel text collate "C" not null,
    channel_date date not null,
    channel_serial text collate "C" not null,
    body_sha256 bytea,
    refusal text,
    body json,
    effect text,
    effect_id text,
    customer_no text,
    is_reversed boolean not null,
    seen_at timestamptz not null,
    primary key (legal_entity, channel, channel_date, channel_serial)
);
"""


def upgrade() -> None:
    op.execute(ONLINE)
