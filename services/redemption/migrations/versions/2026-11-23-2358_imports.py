"""Imports of existing points: what customers had in another system, converted at a ratio."""

from alembic import op

revision = "imports"
down_revision = "applications"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    create table point_import (
        legal_entity text collate "C" not null,
        import_id text collate "C" not null,
        source text collate "C" not null,
        file_no text collate "C" not null,
        content_sha256 bytea not null,
        made_on date not null,
        point_type text not null,
        ratio text not null,
        rounding text not null,
        status text not null,
        lines bigint not null,
        old_points numeric not null,
        made_by text not null,
        made_at timestamptz not null,
        checked_by text,
        checked_at timestamptz,
        ended_at timestamptz,
        primary key (legal_entity, import_id)
    );
    create unique index uq_point_import_content on point_import (legal_entity, content_sha256) where status not in ('trial', 'rejected');
    create unique index uq_point_import_no on point_import (legal_entity, source, file_no) where status not in ('trial', 'rejected');
    create index ix_point_import_approved on point_import (legal_entity, import_id) where status = 'approved';
    create table point_import_line (
        legal_entity text collate "C" not null,
        import_id text collate "C" not null,
        line_no bigint not null,
        customer_no text collate "C" not null,
        old_points bigint not null,
        expires_on date,
        new_points bigint not null,
        status text not null,
        code text,
        fault text,
        line text,
        account_no text collate "C",
        account_version bigint,
        primary key (legal_entity, import_id, line_no)
    );
    create index ix_point_import_line_waiting on point_import_line (legal_entity, import_id, customer_no, line_no) where status = 'waiting';
    """)
