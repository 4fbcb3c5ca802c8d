"""Accounts' daily balances, and how far their months are decided."""

from alembic import op

revision = "balances"
down_revision = "campaigns"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    create table daily_balance (
        legal_entity text not null,
        account_no text not null,
        balance_on date not null,
        source_system text not null,
        customer_no text not null,
        product_code text not null,
        balance_minor bigint not null,
        currency text not null,
        constraint pk_daily_balance primary key (legal_entity, account_no, balance_on)
    );
    create table balance_account (
        legal_entity text not null,
        account_no text not null,
        next_on date not null,
        started boolean not null,
        constraint pk_balance_account primary key (legal_entity, account_no)
    );
    create index ix_balance_account_due on balance_account (legal_entity, next_on, account_no);
    create table balance_intake (
        legal_entity text not null,
        partition smallint not null,
        recorded_at timestamptz not null,
        constraint pk_balance_intake primary key (legal_entity, partition)
    )
    """)
