"""Create what the operators' desk needs: institutions, roles, operators, parameters, approvals, the audit trail, jobs."""

from alembic import op

revision = "desk"
down_revision = "credentials_of_operators"
branch_labels = None
depends_on = None

DESK = """
create table institution (
    legal_entity text not null,
    institution text not null,
    parent text,
    names jsonb not null,
    level text not null,
    status text not null,
    cost_centre boolean not null,
    constraint pk_institution primary key (legal_entity, institution)
);

create table role (
    legal_entity text not null,
    code text not null,
    names jsonb not null,
    functions text[] not null,
    scope text not null,
    constraint pk_role primary key (legal_entity, code)
);

create table operator (
    operator text not null,
    legal_entity text not null,
    institution text not null,
    name text not null,
    roles text[] not null,
    password_hashes text[] not null,
    status text not null,
    failed_sign_ins integer not null,
    last_signed_in_at timestamptz,
    created_at timestamptz not null,
    constraint pk_operator primary key (operator)
);
create index ix_operator_legal_entity on operator (legal_entity, operator);

create table parameter_version (
    legal_entity text not null,
    name text not null,
    version integer not null,
    value json not null,
    effective_on date not null,
    status text not null,
    approval_no bigint not null,
    constraint pk_parameter_version primary key (legal_entity, name, version),
    constraint uq_parameter_version_approval_no unique (approval_no)
);

create table approval (
    approval_no bigint generated always as identity,
    legal_entity text not null,
    kind text not null,
    subject text not null,
    before json not null,
    after json not null,
    reason text,
    status text not null,
    made_by text not null,
    made_at timestamptz not null,
    decided_by text,
    decided_at timestamptz,
    remark text,
    constraint pk_approval primary key (approval_no)
);
create index ix_approval_legal_entity on approval (legal_entity, status, approval_no);

create table audit_record (
    legal_entity text not null,
    number bigint not null,
    at timestamptz not null,
    who text not null,
    action text not null,
    subject text not null,
    before text,
    after text,
    address text,
    request_id text,
    sha256 bytea not null,
    constraint pk_audit_record primary key (legal_entity, number)
);
create table audit_head (
    legal_entity text not null,
    number bigint not null,
    sha256 bytea not null,
    constraint pk_audit_head primary key (legal_entity)
);
create function refuse_change() returns trigger language plpgsql as
$$ begin raise exception '% is append-only' , tg_table_name using errcode = 'integrity_constraint_violation'; end $$;
create trigger append_only before update or delete or truncate on audit_record for each statement execute function refuse_change();

create table job_run (
    run_no bigint generated always as identity,
    legal_entity text not null,
    job text not null,
    service text not null,
    business_on date not null,
    status text not null,
    detail text,
    attempts integer not null,
    started_by text not null,
    started_how text not null,
    asked_at timestamptz not null,
    started_at timestamptz,
    finished_at timestamptz,
    next_attempt_at timestamptz,
    lease_until timestamptz,
    lease_owner text,
    constraint pk_job_run primary key (run_no)
);
create index ix_job_run_job on job_run (legal_entity, job, run_no);
create index ix_job_run_unfinished on job_run (legal_entity, job, run_no) where status in ('queued', 'running');

create table job_schedule (
    legal_entity text not null,
    job text not null,
    cron text not null,
    next_at timestamptz not null,
    constraint pk_job_schedule primary key (legal_entity, job)
);
"""


def upgrade() -> None:
    op.execute(DESK)
