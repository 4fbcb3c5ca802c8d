"""The tables of what is between customers: transfers, and merges of their numbers. Keyed within an entity."""

from typing import Final

from sqlalchemy import ARRAY, BigInteger, Boolean, Column, Date, DateTime, Index, Integer, PrimaryKeyConstraint, Table, Text
from sqlalchemy.dialects.postgresql import JSON

from redemption.adapters.tables import metadata

#: As in `tables`: compared by its bytes.
_KEY: Final = Text(collation="C")

#: Points that one customer gave another. `lots` [[lot_id, points], ...] that they were in; `status` transferred, or reversed.
transfer = Table(
    "transfer",
    metadata,
    Column("legal_entity", _KEY, nullable=False),
    Column("transfer_id", _KEY, nullable=False),
    Column("from_customer_no", _KEY, nullable=False),
    Column("to_customer_no", _KEY, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("lots", JSON, nullable=False),
    Column("channel", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("business_on", Date, nullable=False),
    Column("transferred_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("legal_entity", "transfer_id"),
    Index("ix_transfer_of_day", "legal_entity", "from_customer_no", "business_on"),
)

#: Two numbers that become one. `status` pending, merged, rejected, undo-pending or undone. `into_version`: the survivor's account version before;
#: `freezes`: those that came over.
merge = Table(
    "merge",
    metadata,
    Column("legal_entity", _KEY, nullable=False),
    Column("merge_id", _KEY, nullable=False),
    Column("from_customer_no", _KEY, nullable=False),
    Column("into_customer_no", _KEY, nullable=False),
    Column("reason", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False),
    Column("decided_by", Text, nullable=True),
    Column("merged_at", DateTime(timezone=True), nullable=True),
    Column("undo_asked_by", Text, nullable=True),
    Column("undone_by", Text, nullable=True),
    Column("undone_at", DateTime(timezone=True), nullable=True),
    Column("into_version", BigInteger, nullable=True),
    Column("freezes", ARRAY(Text), nullable=True),
    PrimaryKeyConstraint("legal_entity", "merge_id"),
    Index("ix_merge_from", "legal_entity", "from_customer_no", "merge_id"),
    Index("ix_merge_into", "legal_entity", "into_customer_no", "merge_id"),
)

#: What the relay publishes of merges; a merge and its undoing have a row each.
merge_outgoing = Table(
    "merge_outgoing",
    metadata,
    Column("batch_no", BigInteger, nullable=False),
    Column("position", Integer, nullable=False),
    Column("legal_entity", _KEY, nullable=False),
    Column("merge_id", _KEY, nullable=False),
    Column("from_customer_no", _KEY, nullable=False),
    Column("into_customer_no", _KEY, nullable=False),
    Column("is_undo", Boolean, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("batch_no", "position"),
)
