"""Freezes: what keeps a customer's points from being spent. `account.freezes` repeats those that have not been lifted, so that spending reads one row."""

from alembic import op

revision = "freezes"
down_revision = "institutions_of_customers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    alter table account add column freezes json;
    create table point_freeze (
        legal_entity text collate "C" not null,
        freeze_id text collate "C" not null,
        customer_no text collate "C" not null,
        points bigint,
        until date,
        reason text not null,
        status text not null,
        frozen_by text not null,
        frozen_at timestamptz not null,
        ended_by text,
        ended_at timestamptz,
        primary key (legal_entity, freeze_id)
    );
    create index ix_point_freeze_of_customer on point_freeze (legal_entity, customer_no, freeze_id);
    create index ix_point_freeze_until on point_freeze (legal_entity, until) where status = 'frozen';
    """)
