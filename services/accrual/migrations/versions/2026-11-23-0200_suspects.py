"""What a batch noticed for velocity watching."""

from alembic import op

revision = "suspects"
down_revision = "waiting_earnings"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("alter table batch_summary add column suspects text")
