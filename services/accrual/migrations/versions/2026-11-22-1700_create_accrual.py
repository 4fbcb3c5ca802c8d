"""Create decisions, rules, customers' facts, what limits have counted, and what every service has."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from loyalty_shared.persistence.outgoing import Xid8

revision = "accrual"
down_revision = None
branch_labels = None
depends_on = None

#: Hash partitions of business_key, as many as `loyalty_shared.persistence.business_keys` had when this was written.
BUSINESS_KEY_PARTITIONS = 8


def upgrade() -> None:
    op.create_table(
        "batch_summary",
        sa.Column("batch_no", sa.BigInteger(), nullable=False),
        sa.Column("groups", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("batch_no", name="pk_batch_summary"),
    )
    op.create_table(
        "business_key",
        sa.Column("key", sa.Text(collation="C"), nullable=False),
        sa.Column("digest", sa.BigInteger(), nullable=False),
        sa.Column("batch_no", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_business_key"),
        postgresql_partition_by="hash (key)",
    )
    op.create_table(
        "consumer_offset",
        sa.Column("consumer_group", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("partition", sa.SmallInteger(), nullable=False),
        sa.Column("cluster_id", sa.Text(), nullable=False),
        sa.Column("topic_id", sa.Text(), nullable=False),
        sa.Column("next_offset", sa.BigInteger(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("next_number", sa.BigInteger(), nullable=False),
        sa.Column("digests", sa.LargeBinary(), nullable=False),
        sa.Column("catching_up", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("consumer_group", "topic", "partition", name="pk_consumer_offset"),
    )
    op.create_table(
        "credential",
        sa.Column("credential", sa.Text(), nullable=False),
        sa.Column("token_sha256", sa.Text(), nullable=False),
        sa.Column("entities", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("functions", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("credential", name="pk_credential"),
        sa.UniqueConstraint("token_sha256", name="uq_credential_token_sha256"),
    )
    op.create_table(
        "customer_fact",
        sa.Column("legal_entity", sa.Text(), nullable=False),
        sa.Column("customer_no", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("level", sa.Text(), nullable=True),
        sa.Column("tags", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("born_on", sa.Date(), nullable=True),
        sa.Column("joined_on", sa.Date(), nullable=True),
        sa.Column("institution", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("legal_entity", "customer_no", "changed_at", name="pk_customer_fact"),
    )
    op.create_table(
        "dead_letter",
        sa.Column("batch_no", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("consumer_group", sa.Text(), nullable=False),
        sa.Column("legal_entity", sa.Text(), nullable=True),
        sa.Column("source_system", sa.Text(), nullable=True),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("partition", sa.SmallInteger(), nullable=False),
        sa.Column("record_offset", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=True),
        sa.Column("headers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=True),
        sa.Column("fault", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("set_aside_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("batch_no", "position", name="pk_dead_letter"),
    )
    op.create_index("ix_dead_letter_open", "dead_letter", ["legal_entity", "batch_no", "position"], unique=False, postgresql_where=sa.text("status = 'open'"))
    op.create_table(
        "decision",
        sa.Column("batch_no", sa.BigInteger(), nullable=False),
        sa.Column("transaction_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("facts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("original_batch_no", sa.BigInteger(), nullable=True),
        sa.Column("rule_set", sa.Integer(), nullable=False),
        sa.Column("transaction_on", sa.Date(), nullable=False),
        sa.Column("posted_on", sa.Date(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("partition", sa.SmallInteger(), nullable=False),
        sa.Column("leg", sa.SmallInteger(), nullable=False),
        sa.Column("original_leg", sa.SmallInteger(), nullable=True),
        sa.Column("original_position", sa.SmallInteger(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("legal_entity", sa.Text(), nullable=False),
        sa.Column("customer_no", sa.Text(), nullable=False),
        sa.Column("source_system", sa.Text(), nullable=False),
        sa.Column("transaction_no", sa.Text(), nullable=False),
        sa.Column("account_no", sa.Text(), nullable=False),
        sa.Column("product_code", sa.Text(), nullable=False),
        sa.Column("transaction_code", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("institution", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("card_type", sa.Text(), nullable=True),
        sa.Column("merchant_no", sa.Text(), nullable=True),
        sa.Column("store_no", sa.Text(), nullable=True),
        sa.Column("terminal_no", sa.Text(), nullable=True),
        sa.Column("mcc", sa.Text(), nullable=True),
        sa.Column("attributes", sa.Text(), nullable=True),
        sa.Column("original_source_system", sa.Text(), nullable=True),
        sa.Column("original_no", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("applied", sa.Text(), nullable=True),
        sa.Column("traceparent", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("batch_no", "position", name="pk_decision"),
    )
    op.create_index("ix_decision_customer", "decision", ["legal_entity", "customer_no", "batch_no"], unique=False)
    op.create_table(
        "entity",
        sa.Column("legal_entity", sa.Text(), nullable=False),
        sa.Column("names", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("business_on", sa.Date(), nullable=False),
        sa.Column("retention_years", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("legal_entity", name="pk_entity"),
    )
    op.create_table(
        "idempotency",
        sa.Column("legal_entity", sa.Text(), nullable=False),
        sa.Column("credential", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("body_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("refusal", sa.Text(), nullable=True),
        sa.Column("body", postgresql.JSON(astext_type=sa.Text()), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("legal_entity", "credential", "key", name="pk_idempotency"),
    )
    op.create_index("ix_idempotency_answered_at", "idempotency", ["answered_at"], unique=False)
    op.create_table(
        "original_left",
        sa.Column("batch_no", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("left_over", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("batch_no", "position", name="pk_original_left"),
    )
    op.create_table(
        "outgoing_batch",
        sa.Column("batch_no", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("xid", Xid8(), server_default=sa.text("pg_current_xact_id()"), nullable=False),
        sa.Column("committed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("batch_no", name="pk_outgoing_batch"),
    )
    op.create_index("ix_outgoing_batch_xid", "outgoing_batch", ["xid"], unique=False)
    op.create_table(
        "relay_partition",
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("partition", sa.SmallInteger(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("next_number", sa.BigInteger(), nullable=False),
        sa.Column("bound_xid", sa.BigInteger(), nullable=False),
        sa.Column("pending_xid", sa.BigInteger(), nullable=True),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("chain", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("topic", "partition", name="pk_relay_partition"),
    )
    op.create_table(
        "relay_recovery",
        sa.Column("consumer_group", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("partition", sa.SmallInteger(), nullable=False),
        sa.Column("until_offset", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("consumer_group", "topic", "partition", name="pk_relay_recovery"),
    )
    op.create_table(
        "relay_seal",
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("partition", sa.SmallInteger(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("first_number", sa.BigInteger(), nullable=False),
        sa.Column("last_number", sa.BigInteger(), nullable=False),
        sa.Column("chain", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("topic", "partition", "epoch", "first_number", name="pk_relay_seal"),
    )
    op.create_table(
        "rule_set",
        sa.Column("number", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("legal_entity", sa.Text(), nullable=False),
        sa.Column("members", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_rule_set"),
    )
    op.create_index("ix_rule_set_entity", "rule_set", ["legal_entity", "number"], unique=False)
    op.create_table(
        "rule_version",
        sa.Column("rule_no", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("legal_entity", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked_by", sa.Text(), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stopped_on", sa.Date(), nullable=True),
        sa.CheckConstraint("status in ('draft', 'submitted', 'approved', 'rejected', 'stopped')", name="ck_rule_version_status"),
        sa.PrimaryKeyConstraint("rule_no", name="pk_rule_version"),
        sa.UniqueConstraint("legal_entity", "code", "version", name="uq_rule_version_legal_entity_code_version"),
    )
    op.create_table(
        "source_state",
        sa.Column("consumer_group", sa.Text(), nullable=False),
        sa.Column("legal_entity", sa.Text(), nullable=False),
        sa.Column("source_system", sa.Text(), nullable=False),
        sa.Column("consecutive", sa.Integer(), nullable=False),
        sa.Column("recent", sa.Integer(), nullable=False),
        sa.Column("recent_bad", sa.Integer(), nullable=False),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("consumer_group", "legal_entity", "source_system", name="pk_source_state"),
    )
    op.create_table(
        "usage",
        sa.Column("legal_entity", sa.Text(), nullable=False),
        sa.Column("customer_no", sa.Text(), nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("counters", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("legal_entity", "customer_no", "month", name="pk_usage"),
        postgresql_with={"fillfactor": "60"},
    )
    op.create_table(
        "waiting_refund",
        sa.Column("original_key", sa.Text(collation="C"), nullable=False),
        sa.Column("batch_no", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("waiting_since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("original_key", "batch_no", "position", name="pk_waiting_refund"),
    )
    op.create_index("ix_waiting_refund_since", "waiting_refund", ["waiting_since"], unique=False)
    for number in range(BUSINESS_KEY_PARTITIONS):
        op.execute(f"create table business_key_{number} partition of business_key for values with (modulus {BUSINESS_KEY_PARTITIONS}, remainder {number})")
