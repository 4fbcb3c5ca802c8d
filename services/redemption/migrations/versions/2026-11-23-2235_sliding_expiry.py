"""Sliding lots, whose last date follows the account's last activity; entries that tell all that accounts can be rebuilt from; holds by their time."""

from alembic import op

revision = "sliding_expiry"
down_revision = "freezes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    set local lock_timeout = '10s';
    alter table account add column active_on date;
    alter table lot add column sliding_months smallint not null default 0, add column slides_to date;
    alter table lot drop constraint lot_pkey,
        add primary key (legal_entity, customer_no, point_type, available_on, expires_on, party, institution, sliding_months);
    create index ix_lot_slides_to on lot (legal_entity, slides_to, customer_no) where slides_to is not null;
    alter table entry add column excused json, add column active_on date;
    create index ix_hold_reserved_at on hold (legal_entity, customer_no, reserved_at);
    """)
