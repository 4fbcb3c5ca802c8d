"""A limit that left no room is called `cap-reached`, as the bank's own list of reasons calls it."""

from alembic import op

revision = "cap_reached"
down_revision = "batches_that_may_repeat"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("update decision set reason = 'cap-reached' where reason = 'limit-reached'")
