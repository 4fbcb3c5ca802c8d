"""Points are spent at merchants: what is known of each, and where a hold's and a redemption's points went."""

from alembic import op

revision = "merchants"
down_revision = "credentials_of_operators"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    create table merchant (
        legal_entity text collate "C" not null,
        merchant_no text collate "C" not null,
        status text not null,
        version integer not null,
        changed_at timestamptz not null,
        primary key (legal_entity, merchant_no)
    );
    alter table hold add column merchant_no text;
    alter table redemption add column merchant_no text;
    """)
