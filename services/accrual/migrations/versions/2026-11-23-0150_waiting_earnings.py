"""Points that wait for a behaviour of the customer before they are published."""

from alembic import op

revision = "waiting_earnings"
down_revision = "exchange_rates"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    create table waiting_earning (
        batch_no bigint not null,
        position smallint not null,
        rule_no integer not null,
        legal_entity text not null,
        customer_no text not null,
        behaviour_code text not null,
        since timestamptz not null,
        points bigint not null,
        waiting_since timestamptz not null,
        seen boolean not null,
        available_on date,
        constraint pk_waiting_earning primary key (batch_no, position, rule_no)
    );
    create index ix_waiting_earning_customer on waiting_earning (legal_entity, customer_no, behaviour_code) where available_on is null;
    create index ix_waiting_earning_unseen on waiting_earning (waiting_since) where not seen;
    create table released_earning (
        batch_no bigint not null,
        earned_batch_no bigint not null,
        earned_position smallint not null,
        rule_no integer not null,
        points bigint not null,
        available_on date not null,
        constraint pk_released_earning primary key (batch_no, earned_batch_no, earned_position, rule_no)
    )
    """)
