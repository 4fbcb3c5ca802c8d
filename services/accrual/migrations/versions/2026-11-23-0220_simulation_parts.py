"""Simulations in parts, so that several processes carry one out; those that there are become one part each."""

from alembic import op

revision = "simulation_parts"
down_revision = "merges"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    create table simulation_part (
        simulation_id text not null,
        number integer not null,
        after_customer text not null,
        until_customer text,
        effect text not null,
        is_done boolean not null,
        constraint pk_simulation_part primary key (simulation_id, number)
    );
    insert into simulation_part (simulation_id, number, after_customer, effect, is_done)
        select simulation_id, 0, after_customer, effect, status = 'done' from simulation where events_total is not null;
    alter table simulation drop column after_customer, drop column effect;
    """)
