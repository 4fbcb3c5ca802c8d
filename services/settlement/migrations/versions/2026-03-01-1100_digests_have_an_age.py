"""Say since when the digests of a batch are held, so that old ones can be forgotten."""

from alembic import op

revision = "digests_have_an_age"
down_revision = "settlement"


def upgrade() -> None:
    op.execute("alter table ledger_digest add column remembered_at timestamptz not null default now()")
    op.execute("alter table ledger_digest alter column remembered_at drop default")
