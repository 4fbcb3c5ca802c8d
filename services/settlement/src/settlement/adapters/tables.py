"""Settlement's tables: its view of the ledger, the batches made of it, and what it publishes. What is the same in every service comes from `loyalty_shared`."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSON

from loyalty_shared.persistence.repeated_entries import ledger_digest_table
from loyalty_shared.service_tables import define_service_tables

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_label)s", "uq": "uq_%(table_name)s_%(column_0_N_name)s", "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    }
)  # fmt: skip

define_service_tables(metadata)
ledger_digest_table(metadata)

#: A name as key: compared by its bytes, so that PostgreSQL's order is Python's and rows are locked in one order everywhere.
_KEY: Final = Text(collation="C")

#: A business date as it came in one partition of the ledger: how many entries, and what it was closed with (null: not closed yet).
ledger_day = Table(
    "ledger_day",
    metadata,
    Column("legal_entity", _KEY, nullable=False),
    Column("business_on", Date, nullable=False),
    Column("partition", SmallInteger, nullable=False),
    Column("entries", BigInteger, nullable=False),
    Column("closed_entries", BigInteger, nullable=True),
    Column("closed_points", JSON, nullable=True),  # {kind: points}
    PrimaryKeyConstraint("legal_entity", "business_on", "partition"),
)

#: Signed points of all entries but spends, by kind and funding (who pays, as the ledger writes it). By partition, so that consumers do not share rows.
ledger_points = Table(
    "ledger_points",
    metadata,
    Column("legal_entity", _KEY, nullable=False),
    Column("business_on", Date, nullable=False),
    Column("partition", SmallInteger, nullable=False),
    Column("kind", _KEY, nullable=False),
    Column("funding", _KEY, nullable=False),
    Column("points", BigInteger, nullable=False),
    PrimaryKeyConstraint("legal_entity", "business_on", "partition", "kind", "funding"),
)

#: Every entry that spends points or gives them back. `paid` [[funding, signed points], ...]. `spend_no` is ours: a restored ledger uses entry ids again.
ledger_spend = Table(
    "ledger_spend",
    metadata,
    Column("spend_no", BigInteger, Identity(always=True), primary_key=True),
    Column("points", BigInteger, nullable=False),
    Column("posted_at", DateTime(timezone=True), nullable=False),
    Column("business_on", Date, nullable=False),
    Column("legal_entity", _KEY, nullable=False),
    Column("entry_id", Text, nullable=False),
    Column("customer_no", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("point_type", Text, nullable=False),
    Column("application", Text, nullable=False),
    Column("channel", Text, nullable=True),
    Column("cause_kind", Text, nullable=False),
    Column("cause_no", Text, nullable=False),
    Column("paid", JSON, nullable=False),
    Index("ix_ledger_spend_legal_entity_business_on", "legal_entity", "business_on"),
)

#: Everyone that points were ever posted for, or used in (`redeemed:<application>`).
party = Table(
    "party",
    metadata,
    Column("legal_entity", _KEY, nullable=False),
    Column("party", _KEY, nullable=False),
    PrimaryKeyConstraint("legal_entity", "party"),
)

#: What a point costs from a business date on, as the parameter `cost-per-point` says.
cost_per_point = Table(
    "cost_per_point",
    metadata,
    Column("legal_entity", _KEY, nullable=False),
    Column("effective_on", Date, nullable=False),
    Column("minor", Text, nullable=False),
    Column("currency", Text, nullable=False),
    PrimaryKeyConstraint("legal_entity", "effective_on"),
)

#: One for each party and business date. `by_kind` {kind: signed points}.
settlement_batch = Table(
    "settlement_batch",
    metadata,
    Column("legal_entity", _KEY, nullable=False),
    Column("batch_id", _KEY, nullable=False),
    Column("party", _KEY, nullable=False),
    Column("business_on", Date, nullable=False),
    Column("status", Text, nullable=False),
    Column("lines", Integer, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("cost_minor", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("by_kind", JSON, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False),
    Column("reviewed_by", Text, nullable=True),
    Column("reviewed_at", DateTime(timezone=True), nullable=True),
    Column("released_by", Text, nullable=True),
    Column("released_at", DateTime(timezone=True), nullable=True),
    PrimaryKeyConstraint("legal_entity", "batch_id"),
    UniqueConstraint("legal_entity", "business_on", "party"),
    CheckConstraint("reviewed_by is null or reviewed_by <> made_by", name="reviewer"),
    CheckConstraint("released_by is null or released_by <> made_by", name="releaser"),
)

#: What one spend comes to for the party: copied, so that a batch stays as it was made.
settlement_line = Table(
    "settlement_line",
    metadata,
    Column("line_no", Integer, nullable=False),
    Column("legal_entity", _KEY, nullable=False),
    Column("batch_id", _KEY, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("spend_points", BigInteger, nullable=False),
    Column("posted_at", DateTime(timezone=True), nullable=False),
    Column("entry_id", Text, nullable=False),
    Column("customer_no", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("point_type", Text, nullable=False),
    Column("application", Text, nullable=False),
    Column("channel", Text, nullable=True),
    Column("cause_kind", Text, nullable=False),
    Column("cause_no", Text, nullable=False),
    Column("paid", JSON, nullable=False),
    PrimaryKeyConstraint("legal_entity", "batch_id", "line_no"),
    ForeignKeyConstraint(["legal_entity", "batch_id"], ["settlement_batch.legal_entity", "settlement_batch.batch_id"]),
)

#: What is published of batches, in order.
announcement = Table(
    "announcement",
    metadata,
    Column("batch_no", BigInteger, nullable=False),
    Column("position", Integer, nullable=False),
    Column("type", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("traceparent", Text, nullable=True),
    Column("announced_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("batch_no", "position"),
)
