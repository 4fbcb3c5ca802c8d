"""Credentials may end, belong to an operator and show only some institutions."""

from alembic import op

revision = "credentials_of_operators"
down_revision = "online"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    alter table credential add column if not exists institutions text[], add column if not exists operator text,
        add column if not exists expires_at timestamptz
    """)
