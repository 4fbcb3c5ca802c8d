"""Whose a customer is, for operators who may see some institutions' customers only. Unknown until core.customers says it again: beyond them until then.

Not called `institution`: processes that still run as they were join this table to lots, whose `institution` they name without its table.
"""

from alembic import op

revision = "institutions_of_customers"
down_revision = "batches_that_may_repeat"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("alter table customer add column if not exists home_institution text")
