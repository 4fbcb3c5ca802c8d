"""Customer numbers that became one: limits count for the one that answers for them."""

from alembic import op

revision = "merges"
down_revision = "suspects"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    create table customer_merge (
        legal_entity text not null,
        merge_id text not null,
        from_customer_no text not null,
        into_customer_no text not null,
        is_undone boolean not null,
        primary key (legal_entity, merge_id)
    );
    create index ix_customer_merge_from on customer_merge (legal_entity, from_customer_no);
    create index ix_customer_merge_into on customer_merge (legal_entity, into_customer_no);
    create table merged_number (
        legal_entity text not null,
        customer_no text not null,
        survivor text not null,
        primary key (legal_entity, customer_no)
    );
    create index ix_merged_number_survivor on merged_number (legal_entity, survivor);
    """)
