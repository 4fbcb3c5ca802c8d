"""Applications in full: terms beside the bounds of one call, what customers are as far as they ask, what counts in a business date's limits, and quotes."""

from alembic import op

revision = "applications"
down_revision = "arrears"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    set local lock_timeout = '10s';
    alter table application add column terms json;
    alter table customer add column level text, add column tags text[];
    alter table hold add column counted_on date, add column quote_id text;
    alter table redemption add column counted_on date;
    create index ix_redemption_counted on redemption (legal_entity, customer_no, counted_on);
    create table quote (
        legal_entity text collate "C" not null,
        quote_id text collate "C" not null,
        customer_no text collate "C" not null,
        application text not null,
        channel text not null,
        points bigint not null,
        amount_minor bigint not null,
        cash_minor bigint not null,
        rate json not null,
        step_up boolean not null,
        quoted_at timestamptz not null,
        expires_at timestamptz not null,
        used_by text,
        primary key (legal_entity, quote_id)
    );
    """)
