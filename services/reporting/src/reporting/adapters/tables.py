"""The tables of the mart. What is the same in every service comes from `loyalty_shared`."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    DateTime,
    Identity,
    Index,
    Integer,
    MetaData,
    Numeric,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSON, JSONB

from loyalty_shared.persistence.repeated_entries import ledger_digest_table
from loyalty_shared.service_tables import define_service_tables

metadata = MetaData(
    naming_convention={"ix": "ix_%(column_0_N_label)s", "uq": "uq_%(table_name)s_%(column_0_N_name)s", "ck": "ck_%(table_name)s_%(constraint_name)s"}
)

define_service_tables(metadata)
ledger_digest_table(metadata)

#: Compared by its bytes: the same order in PostgreSQL and in Python, whatever the server's locale.
_KEY: Final = Text(collation="C")

#: The ledger's entries, summed. A partition's rows are written by the one consumer that has it, and closed days are told by partition.
#: Texts are '' where entries say nothing. `seal` grows with every batch by what the batch adds, apart from the sums, and must be what the sums make.
posting_group = Table(
    "posting_group",
    metadata,
    Column("legal_entity", _KEY, nullable=False),
    Column("business_on", Date, nullable=False),
    Column("partition", SmallInteger, nullable=False),
    Column("point_type", _KEY, nullable=False),
    Column("kind", _KEY, nullable=False),
    Column("counter_account", _KEY, nullable=False),
    Column("institution", _KEY, nullable=False),
    Column("rule_code", _KEY, nullable=False),
    Column("channel", _KEY, nullable=False),
    Column("application", _KEY, nullable=False),
    Column("entries", BigInteger, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("lots", BigInteger, nullable=False),
    Column("seal", Numeric, nullable=False),
    PrimaryKeyConstraint(
        "legal_entity", "business_on", "partition", "point_type", "kind", "counter_account", "institution", "rule_code", "channel", "application"
    ),
)

#: The same entries, counted apart from the groups: what a group that was deleted or made by hand is found by, also on a day that is not closed yet.
posting_tally = Table(
    "posting_tally",
    metadata,
    Column("legal_entity", _KEY, nullable=False),
    Column("business_on", Date, nullable=False),
    Column("partition", SmallInteger, nullable=False),
    Column("kind", _KEY, nullable=False),
    Column("entries", BigInteger, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("lots", BigInteger, nullable=False),
    PrimaryKeyConstraint("legal_entity", "business_on", "partition", "kind"),
)

#: What the ledger said when it closed a date, by partition of its topic.
day_close = Table(
    "day_close",
    metadata,
    Column("legal_entity", _KEY, nullable=False),
    Column("business_on", Date, nullable=False),
    Column("partition", SmallInteger, nullable=False),
    Column("entries", BigInteger, nullable=False),
    Column("points_by_kind", JSONB, nullable=False),
    PrimaryKeyConstraint("legal_entity", "business_on", "partition"),
)

#: What accrual decided, summed by the day it did in the entity's zone. `product` is '' until accrual's summaries tell it.
decided_group = Table(
    "decided_group",
    metadata,
    Column("legal_entity", _KEY, nullable=False),
    Column("decided_on", Date, nullable=False),
    Column("institution", _KEY, nullable=False),
    Column("product", _KEY, nullable=False),
    Column("channel", _KEY, nullable=False),
    Column("currency", _KEY, nullable=False),
    Column("outcome", _KEY, nullable=False),
    Column("events", BigInteger, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("amount_minor", Numeric, nullable=False),
    PrimaryKeyConstraint("legal_entity", "decided_on", "institution", "product", "channel", "currency", "outcome"),
)

#: The last hour of accrual's batches, for the live windows; advice, not money: it can be emptied at any time.
live_group = Table(
    "live_group",
    metadata,
    Column("batch_no", BigInteger, nullable=False),
    Column("position", Integer, nullable=False),
    Column("decided_at", DateTime(timezone=True), nullable=False),
    Column("legal_entity", _KEY, nullable=False),
    Column("institution", _KEY, nullable=False),
    Column("channel", _KEY, nullable=False),
    Column("outcome", _KEY, nullable=False),
    Column("events", BigInteger, nullable=False),
    Column("points", BigInteger, nullable=False),
    PrimaryKeyConstraint("batch_no", "position"),
    Index("ix_live_group_decided_at", "decided_at"),
)

#: What accrual noticed lately, for velocity watching; advice, as the live windows: it can be emptied at any time.
suspect = Table(
    "suspect",
    metadata,
    Column("legal_entity", _KEY, nullable=False),
    Column("kind", _KEY, nullable=False),
    Column("source_system", _KEY, nullable=False),
    Column("no", _KEY, nullable=False),
    Column("leg", Integer, nullable=False),
    Column("customer_no", _KEY, nullable=False),
    Column("occurred_at", DateTime(timezone=True), nullable=False),
    Column("institution", _KEY, nullable=False),
    Column("events", BigInteger, nullable=False),
    Column("noted_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("legal_entity", "kind", "source_system", "no", "leg"),
    Index("ix_suspect_legal_entity_customer_no_kind_occurred_at", "legal_entity", "customer_no", "kind", "occurred_at"),
    Index("ix_suspect_noted_at", "noted_at"),
)

#: What velocity watching raised: one alert for a customer, kind and day, brought up to date while it goes on.
alert = Table(
    "alert",
    metadata,
    Column("alert_id", BigInteger, Identity(always=True), primary_key=True),
    Column("legal_entity", _KEY, nullable=False),
    Column("customer_no", _KEY, nullable=False),
    Column("kind", _KEY, nullable=False),
    Column("alert_on", Date, nullable=False),
    Column("events", BigInteger, nullable=False),
    Column("first_at", DateTime(timezone=True), nullable=False),
    Column("last_at", DateTime(timezone=True), nullable=False),
    Column("institution", _KEY, nullable=False),
    Column("raised_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("legal_entity", "customer_no", "kind", "alert_on"),
    Index("ix_alert_legal_entity_alert_id", "legal_entity", "alert_id"),
)

#: The institutions' tree, as the console states it.
institution = Table(
    "institution",
    metadata,
    Column("legal_entity", _KEY, nullable=False),
    Column("institution", _KEY, nullable=False),
    Column("parent", _KEY, nullable=True),
    Column("names", JSONB, nullable=False),
    Column("level", Text, nullable=False),
    Column("status", Text, nullable=False),
    PrimaryKeyConstraint("legal_entity", "institution"),
)

#: The reports of closed days, as they were made.
made_report = Table(
    "made_report",
    metadata,
    Column("legal_entity", _KEY, nullable=False),
    Column("business_on", Date, nullable=False),
    Column("code", _KEY, nullable=False),
    Column("document", JSON, nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("legal_entity", "business_on", "code"),
)
