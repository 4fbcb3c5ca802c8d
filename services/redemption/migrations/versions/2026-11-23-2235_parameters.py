"""The console's parameters that the ledger goes by, each value from a business date on."""

from alembic import op

revision = "parameters"
down_revision = "sliding_expiry"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    create table parameter (
        legal_entity text collate "C" not null,
        name text collate "C" not null,
        effective_on date not null,
        value json not null,
        primary key (legal_entity, name, effective_on)
    )
    """)
