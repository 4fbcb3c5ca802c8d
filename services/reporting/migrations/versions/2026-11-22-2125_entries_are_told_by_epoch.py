"""Keep what tells entries again by date and epoch, so that equal ones are counted.

What was kept does not say its epoch: the mart of the ledger is emptied, and its consumers make it again from the bus, as `reporting job rebuild` does.
"""

from alembic import op

revision = "entries_are_told_by_epoch"
down_revision = "mart"

DIGESTS = """
drop table posted_batch;
create table ledger_digest (
    digest_no bigint generated always as identity primary key,
    partition smallint not null,
    epoch integer not null,
    business_on date not null,
    remembered_at timestamptz not null,
    digests bytea not null
);
create index ix_ledger_digest_partition_business_on on ledger_digest (partition, business_on);
alter table ledger_digest alter column digests set storage external; -- digests do not get shorter by compression
"""


def upgrade() -> None:
    op.execute("lock table consumer_offset in share row exclusive mode")  # a consumer's batch takes its place first, and is whole in the mart or not in it
    op.execute("truncate posting_group, posting_tally, day_close")
    op.execute("delete from consumer_offset where consumer_group = 'reporting.record-entries'")
    op.execute(DIGESTS)
