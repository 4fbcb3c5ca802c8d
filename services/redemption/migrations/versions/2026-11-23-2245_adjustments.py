"""Adjustments: points that a maker asks to give or take, one by one or by file, posted once a checker has approved them."""

from alembic import op

revision = "adjustments"
down_revision = "merges"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    create table adjustment (
        legal_entity text collate "C" not null,
        adjustment_id text collate "C" not null,
        customer_no text collate "C" not null,
        points bigint not null,
        point_type text not null,
        reason text not null,
        evidence json,
        expires_on date,
        status text not null,
        made_by text not null,
        made_at timestamptz not null,
        checked_by text,
        checked_at timestamptz,
        primary key (legal_entity, adjustment_id)
    );
    create index ix_adjustment_of_customer on adjustment (legal_entity, customer_no, adjustment_id);
    create table adjustment_file (
        legal_entity text collate "C" not null,
        file_id text collate "C" not null,
        file_no text collate "C" not null,
        content_sha256 bytea not null,
        made_on date not null,
        all_or_nothing boolean not null,
        status text not null,
        lines bigint not null,
        points_given bigint not null,
        points_taken bigint not null,
        lines_posted bigint not null,
        lines_rejected bigint not null,
        posted_given bigint not null,
        posted_taken bigint not null,
        place_customer_no text collate "C",
        place_line_no bigint,
        made_by text not null,
        made_at timestamptz not null,
        checked_by text,
        checked_at timestamptz,
        ended_at timestamptz,
        primary key (legal_entity, file_id),
        constraint uq_adjustment_file_legal_entity_content_sha256 unique (legal_entity, content_sha256)
    );
    create unique index uq_adjustment_file_no on adjustment_file (legal_entity, file_no) where status not in ('rejected', 'refused');
    create index ix_adjustment_file_approved on adjustment_file (legal_entity, file_id) where status = 'approved';
    create table adjustment_line (
        legal_entity text collate "C" not null,
        file_id text collate "C" not null,
        customer_no text collate "C" not null,
        line_no bigint not null,
        points bigint not null,
        point_type text not null,
        expires_on date,
        reason text not null,
        primary key (legal_entity, file_id, customer_no, line_no)
    );
    create table adjustment_reject (
        legal_entity text collate "C" not null,
        file_id text collate "C" not null,
        line_no bigint not null,
        code text not null,
        fault text not null,
        line text not null,
        primary key (legal_entity, file_id, line_no)
    );
    """)
