"""Family pools: whose points members spend, within which limits; and of what is held or spent, by which member."""

from alembic import op

revision = "pools"
down_revision = "imports"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    set local lock_timeout = '10s';
    alter table hold add column spent_by text;
    alter table redemption add column spent_by text;
    create table family_pool (
        legal_entity text collate "C" not null,
        pool_id text collate "C" not null,
        owner_customer_no text collate "C" not null,
        reason text,
        status text not null,
        made_by text not null,
        made_at timestamptz not null,
        checked_by text,
        checked_at timestamptz,
        closed_by text,
        closed_at timestamptz,
        primary key (legal_entity, pool_id)
    );
    create index ix_family_pool_of_owner on family_pool (legal_entity, owner_customer_no, pool_id);
    create table family_pool_member (
        legal_entity text collate "C" not null,
        pool_id text collate "C" not null,
        customer_no text collate "C" not null,
        place bigint not null,
        limit_points_per_month bigint,
        primary key (legal_entity, pool_id, customer_no)
    );
    create index ix_family_pool_member_of_customer on family_pool_member (legal_entity, customer_no, pool_id);
    """)
