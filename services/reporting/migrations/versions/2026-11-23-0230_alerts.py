"""Velocity watching: suspects for a few days, and the alerts that they raised."""

from alembic import op

revision = "alerts"
down_revision = "entries_are_told_by_epoch"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    create table suspect (
        legal_entity text collate "C" not null,
        kind text collate "C" not null,
        source_system text collate "C" not null,
        no text collate "C" not null,
        leg integer not null,
        customer_no text collate "C" not null,
        occurred_at timestamptz not null,
        institution text collate "C" not null,
        events bigint not null,
        noted_at timestamptz not null,
        constraint pk_suspect primary key (legal_entity, kind, source_system, no, leg)
    );
    create index ix_suspect_legal_entity_customer_no_kind_occurred_at on suspect (legal_entity, customer_no, kind, occurred_at);
    create index ix_suspect_noted_at on suspect (noted_at);
    create table alert (
        alert_id bigint generated always as identity,
        legal_entity text collate "C" not null,
        customer_no text collate "C" not null,
        kind text collate "C" not null,
        alert_on date not null,
        events bigint not null,
        first_at timestamptz not null,
        last_at timestamptz not null,
        institution text collate "C" not null,
        raised_at timestamptz not null,
        constraint pk_alert primary key (alert_id),
        constraint uq_alert_legal_entity_customer_no_kind_alert_on unique (legal_entity, customer_no, kind, alert_on)
    );
    create index ix_alert_legal_entity_alert_id on alert (legal_entity, alert_id);
    """)
