"""Exchange rates, as the console's parameter states them."""

from alembic import op

revision = "exchange_rates"
down_revision = "balances"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    create table exchange_rate (
        legal_entity text not null,
        effective_on date not null,
        version integer not null,
        rates text not null,
        constraint pk_exchange_rate primary key (legal_entity, effective_on)
    );
    create index ix_exchange_rate_version on exchange_rate (legal_entity, version);
    """)
