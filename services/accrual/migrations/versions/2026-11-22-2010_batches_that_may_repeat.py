"""What is published because an operator asked is always marked: a restored database can be asked again."""

from alembic import op

revision = "batches_that_may_repeat"
down_revision = "merchants"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("alter table outgoing_batch add column if not exists may_repeat boolean not null default false")
