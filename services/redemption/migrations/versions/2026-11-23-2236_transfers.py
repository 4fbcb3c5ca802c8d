"""Transfers of points between customers. Found by sender and business date, for what may be transferred in a day."""

from alembic import op

revision = "transfers"
down_revision = "parameters"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    create table transfer (
        legal_entity text collate "C" not null,
        transfer_id text collate "C" not null,
        from_customer_no text collate "C" not null,
        to_customer_no text collate "C" not null,
        points bigint not null,
        lots json not null,
        channel text not null,
        status text not null,
        business_on date not null,
        transferred_at timestamptz not null,
        primary key (legal_entity, transfer_id)
    );
    create index ix_transfer_of_day on transfer (legal_entity, from_customer_no, business_on);
    """)
