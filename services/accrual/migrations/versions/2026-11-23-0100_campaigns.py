"""Campaigns, their uploaded lists, and their budgets in leases. A rule set binds the versions of the campaigns that its rules name."""

from alembic import op

revision = "campaigns"
down_revision = "deciding_again"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    create table campaign_version (
        campaign_no integer generated always as identity,
        legal_entity text not null,
        code text not null,
        version integer not null,
        document jsonb not null,
        list_no integer,
        status text not null,
        made_by text not null,
        made_at timestamptz not null,
        checked_by text,
        checked_at timestamptz,
        stopped_on date,
        constraint pk_campaign_version primary key (campaign_no),
        constraint uq_campaign_version_legal_entity_code_version unique (legal_entity, code, version),
        constraint ck_campaign_version_status check (status in ('pending', 'active', 'rejected', 'stopped'))
    );
    create table campaign_list (
        list_no integer generated always as identity,
        customers text[] not null,
        constraint pk_campaign_list primary key (list_no)
    );
    create table campaign_lease (
        legal_entity text not null,
        code text not null,
        granted bigint not null,
        used bigint not null,
        worker smallint not null,
        constraint pk_campaign_lease primary key (legal_entity, code, worker)
    ) with (fillfactor = 60);
    create table campaign_day (
        legal_entity text not null,
        code text not null,
        points bigint not null,
        business_on date not null,
        worker smallint not null,
        constraint pk_campaign_day primary key (legal_entity, code, business_on, worker)
    ) with (fillfactor = 60);
    alter table rule_set add column campaigns jsonb not null default '[]'
    """)
