"""Merges of customer numbers: which number answers for which, and the number that an entry came in by."""

from alembic import op

revision = "merges"
down_revision = "transfers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    set local lock_timeout = '10s';
    alter table account add column merged_into text collate "C", add column merged text[];
    alter table entry add column came_by text collate "C";
    create table merge (
        legal_entity text collate "C" not null,
        merge_id text collate "C" not null,
        from_customer_no text collate "C" not null,
        into_customer_no text collate "C" not null,
        reason text not null,
        status text not null,
        made_by text not null,
        made_at timestamptz not null,
        decided_by text,
        merged_at timestamptz,
        undo_asked_by text,
        undone_by text,
        undone_at timestamptz,
        into_version bigint,
        freezes text[],
        primary key (legal_entity, merge_id)
    );
    create index ix_account_merged on account (legal_entity, merged_into) where merged_into is not null;
    create index ix_merge_from on merge (legal_entity, from_customer_no, merge_id);
    create index ix_merge_into on merge (legal_entity, into_customer_no, merge_id);
    create table merge_outgoing (
        batch_no bigint not null,
        position integer not null,
        legal_entity text collate "C" not null,
        merge_id text collate "C" not null,
        from_customer_no text collate "C" not null,
        into_customer_no text collate "C" not null,
        is_undo boolean not null,
        at timestamptz not null,
        primary key (batch_no, position)
    );
    """)
