"""What the merchant service says of merchants, for rules to see."""

from alembic import op

revision = "merchants"
down_revision = "credentials_of_operators"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    create table merchant_fact (
        legal_entity text not null,
        merchant_no text not null,
        batch_no bigint not null,
        version integer not null,
        changed_at timestamptz not null,
        merchant_type text not null,
        mcc text,
        institution text,
        status text not null,
        constraint pk_merchant_fact primary key (legal_entity, merchant_no, batch_no)
    )
    """)
