"""The console's tables."""

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Date, DateTime, Identity, Index, Integer, LargeBinary, MetaData, PrimaryKeyConstraint, Table, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSON, JSONB

from loyalty_shared.persistence.dead_letters import dead_letter_table
from loyalty_shared.persistence.entity_dates import entity_table
from loyalty_shared.persistence.offsets import consumer_offset_table
from loyalty_shared.persistence.outgoing import outgoing_batch_table, relay_partition_table, relay_recovery_table, relay_seal_table
from loyalty_shared.web.credentials import credential_table
from loyalty_shared.web.idempotency import idempotency_table

METADATA: Final = MetaData(
    naming_convention={"pk": "pk_%(table_name)s", "uq": "uq_%(table_name)s_%(column_0_N_name)s", "ck": "ck_%(table_name)s_%(constraint_name)s"}
)

for _define in (
    entity_table,
    credential_table,
    idempotency_table,
    consumer_offset_table,  # the relay asks it whether the service's own consumers have caught up
    outgoing_batch_table,
    relay_partition_table,
    relay_seal_table,
    relay_recovery_table,
    dead_letter_table,
):
    _define(METADATA)


def _text(name: str) -> "Column[str]":
    return Column(name, Text, nullable=False)


def _instant(name: str, *, nullable: bool = False) -> "Column[object]":
    return Column(name, DateTime(timezone=True), nullable=nullable)


#: Every business date an entity has had, and who opened it. Nothing here is changed or deleted.
BUSINESS_DATE: Final = Table(
    "business_date",
    METADATA,
    _text("legal_entity"),
    Column("business_on", Date, nullable=False),
    Column("previous_on", Date, nullable=True),
    _text("opened_by"),
    _instant("opened_at"),
    PrimaryKeyConstraint("legal_entity", "business_on"),
)

#: The rows that the relay publishes; `body` is the very text.
ANNOUNCEMENT: Final = Table(
    "announcement",
    METADATA,
    Column("batch_no", BigInteger, nullable=False),
    Column("position", Integer, nullable=False),
    _text("type"),
    _text("key"),
    _text("body"),
    Column("traceparent", Text, nullable=True),
    _instant("announced_at"),
    PrimaryKeyConstraint("batch_no", "position"),
)

INSTITUTION: Final = Table(
    "institution",
    METADATA,
    _text("legal_entity"),
    _text("institution"),
    Column("parent", Text, nullable=True),
    Column("names", JSONB, nullable=False),
    _text("level"),
    _text("status"),
    Column("cost_centre", Boolean, nullable=False),
    PrimaryKeyConstraint("legal_entity", "institution"),
)

ROLE: Final = Table(
    "role",
    METADATA,
    _text("legal_entity"),
    _text("code"),
    Column("names", JSONB, nullable=False),
    Column("functions", ARRAY(Text), nullable=False),
    _text("scope"),
    PrimaryKeyConstraint("legal_entity", "code"),
)

#: `password_hashes`: the present one first. Sessions are rows of `credential`.
OPERATOR: Final = Table(
    "operator",
    METADATA,
    _text("operator"),
    _text("legal_entity"),
    _text("institution"),
    _text("name"),
    Column("roles", ARRAY(Text), nullable=False),
    Column("password_hashes", ARRAY(Text), nullable=False),
    _text("status"),
    Column("failed_sign_ins", Integer, nullable=False),
    _instant("last_signed_in_at", nullable=True),
    _instant("created_at"),
    PrimaryKeyConstraint("operator"),
    Index("ix_operator_legal_entity", "legal_entity", "operator"),
)

PARAMETER_VERSION: Final = Table(
    "parameter_version",
    METADATA,
    _text("legal_entity"),
    _text("name"),
    Column("version", Integer, nullable=False),
    Column("value", JSON, nullable=False),
    Column("effective_on", Date, nullable=False),
    _text("status"),
    Column("approval_no", BigInteger, nullable=False, unique=True),
    PrimaryKeyConstraint("legal_entity", "name", "version"),
)

APPROVAL: Final = Table(
    "approval",
    METADATA,
    Column("approval_no", BigInteger, Identity(always=True), nullable=False),
    _text("legal_entity"),
    _text("kind"),
    _text("subject"),
    Column("before", JSON, nullable=False),
    Column("after", JSON, nullable=False),
    Column("reason", Text, nullable=True),
    _text("status"),
    _text("made_by"),
    _instant("made_at"),
    Column("decided_by", Text, nullable=True),
    _instant("decided_at", nullable=True),
    Column("remark", Text, nullable=True),
    PrimaryKeyConstraint("approval_no"),
    Index("ix_approval_legal_entity", "legal_entity", "status", "approval_no"),
)

#: Append-only by trigger, and chained: `sha256` is of the record before and every other field.
AUDIT_RECORD: Final = Table(
    "audit_record",
    METADATA,
    _text("legal_entity"),
    Column("number", BigInteger, nullable=False),
    _instant("at"),
    _text("who"),
    _text("action"),
    _text("subject"),
    Column("before", Text, nullable=True),
    Column("after", Text, nullable=True),
    Column("address", Text, nullable=True),
    Column("request_id", Text, nullable=True),
    Column("sha256", LargeBinary, nullable=False),
    PrimaryKeyConstraint("legal_entity", "number"),
)

#: The last record of each chain, kept apart so that a cut-off end shows; its lock is the order of the chain.
AUDIT_HEAD: Final = Table(
    "audit_head",
    METADATA,
    Column("legal_entity", Text, primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
)

JOB_RUN: Final = Table(
    "job_run",
    METADATA,
    Column("run_no", BigInteger, Identity(always=True), nullable=False),
    _text("legal_entity"),
    _text("job"),
    _text("service"),
    Column("business_on", Date, nullable=False),
    _text("status"),
    Column("detail", Text, nullable=True),
    Column("attempts", Integer, nullable=False),
    _text("started_by"),
    _text("started_how"),
    _instant("asked_at"),
    _instant("started_at", nullable=True),
    _instant("finished_at", nullable=True),
    _instant("next_attempt_at", nullable=True),
    _instant("lease_until", nullable=True),
    Column("lease_owner", Text, nullable=True),
    PrimaryKeyConstraint("run_no"),
    Index("ix_job_run_job", "legal_entity", "job", "run_no"),
    Index("ix_job_run_unfinished", "legal_entity", "job", "run_no", postgresql_where=text("status in ('queued', 'running')")),
)

JOB_SCHEDULE: Final = Table(
    "job_schedule",
    METADATA,
    _text("legal_entity"),
    _text("job"),
    _text("cron"),
    _instant("next_at"),
    PrimaryKeyConstraint("legal_entity", "job"),
)
