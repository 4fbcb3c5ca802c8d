"""Expiry at scale: how far the job has come, notices of points that will lapse, and extensions by staff."""

from alembic import op

revision = "expiry"
down_revision = "adjustments"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    create table expiry_progress (
        legal_entity text collate "C" not null,
        expired_before date not null,
        primary key (legal_entity)
    );
    create table expiry_notice (
        batch_no bigint not null,
        position integer not null,
        partition smallint not null,
        legal_entity text collate "C" not null,
        customer_no text collate "C" not null,
        expires_on date not null,
        points bigint not null,
        raised_on date not null,
        primary key (legal_entity, customer_no, expires_on)
    );
    create unique index ix_expiry_notice_batch_no on expiry_notice (batch_no, position);
    create table expiry_extension (
        legal_entity text collate "C" not null,
        extension_id text collate "C" not null,
        customer_no text collate "C",
        institution text collate "C",
        expires_on date,
        extend_to date not null,
        reason text not null,
        status text not null,
        asked_by text not null,
        asked_at timestamptz not null,
        decided_by text,
        decided_at timestamptz,
        done_before text collate "C" not null default '',
        accounts bigint not null default 0,
        points bigint not null default 0,
        primary key (legal_entity, extension_id)
    );
    create index ix_expiry_extension_approved on expiry_extension (legal_entity) where status = 'approved';
    """)
