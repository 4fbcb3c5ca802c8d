"""What-if and recalculation: what they are asked and how far they have come, and decisions that take the place of earlier ones."""

from alembic import op

revision = "deciding_again"
down_revision = "cap_reached"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    alter table decision add column first_batch_no bigint, add column superseded_by bigint, add column first_position smallint,
        add column recalculated_by text, add column posted text;
    create index ix_decision_original on decision (legal_entity, original_no) where original_no is not null;
    create table simulation (
        simulation_id text not null,
        legal_entity text not null,
        rule jsonb not null,
        from_on date not null,
        to_on date not null,
        rule_set integer not null,
        status text not null,
        made_by text not null,
        made_at timestamptz not null,
        after_customer text not null,
        events_total bigint,
        effect text not null,
        fault text,
        finished_at timestamptz,
        constraint pk_simulation primary key (simulation_id),
        constraint ck_simulation_status check (status in ('running', 'done', 'cancelled', 'failed'))
    );
    create index ix_simulation_made on simulation (legal_entity, made_at, simulation_id);
    create index ix_simulation_running on simulation (made_at) where status = 'running';
    create table recalculation (
        recalculation_id text not null,
        legal_entity text not null,
        from_on date not null,
        to_on date not null,
        customers text[],
        reason text not null,
        status text not null,
        made_by text not null,
        made_at timestamptz not null,
        checked_by text,
        checked_at timestamptz,
        rule_set integer,
        after_customer text not null,
        events_total bigint,
        events bigint not null,
        changed bigint not null,
        points_given bigint not null,
        points_taken bigint not null,
        fault text,
        finished_at timestamptz,
        constraint pk_recalculation primary key (recalculation_id),
        constraint ck_recalculation_status check (status in ('pending', 'running', 'done', 'rejected', 'failed'))
    );
    create index ix_recalculation_made on recalculation (legal_entity, made_at, recalculation_id);
    create index ix_recalculation_running on recalculation (made_at) where status = 'running';
    create table cost_per_point (
        legal_entity text not null,
        effective_on date not null,
        minor text not null,
        currency text not null,
        constraint pk_cost_per_point primary key (legal_entity, effective_on)
    )
    """)
