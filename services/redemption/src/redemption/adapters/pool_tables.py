"""The tables of family pools. Keyed within an entity."""

from typing import Final

from sqlalchemy import BigInteger, Column, DateTime, Index, PrimaryKeyConstraint, Table, Text

from redemption.adapters.tables import metadata

#: As in `tables`: compared by its bytes.
_KEY: Final = Text(collation="C")

#: Whose account members spend from. `status` pending, active, rejected or closed.
family_pool = Table(
    "family_pool",
    metadata,
    Column("legal_entity", _KEY, nullable=False),
    Column("pool_id", _KEY, nullable=False),
    Column("owner_customer_no", _KEY, nullable=False),
    Column("reason", Text, nullable=True),
    Column("status", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False),
    Column("checked_by", Text, nullable=True),
    Column("checked_at", DateTime(timezone=True), nullable=True),
    Column("closed_by", Text, nullable=True),
    Column("closed_at", DateTime(timezone=True), nullable=True),
    PrimaryKeyConstraint("legal_entity", "pool_id"),
    Index("ix_family_pool_of_owner", "legal_entity", "owner_customer_no", "pool_id"),
)

#: Who may spend. `limit_points_per_month` null: no such limit; `place`: as they were named.
family_pool_member = Table(
    "family_pool_member",
    metadata,
    Column("legal_entity", _KEY, nullable=False),
    Column("pool_id", _KEY, nullable=False),
    Column("customer_no", _KEY, nullable=False),
    Column("place", BigInteger, nullable=False),
    Column("limit_points_per_month", BigInteger, nullable=True),
    PrimaryKeyConstraint("legal_entity", "pool_id", "customer_no"),
    Index("ix_family_pool_member_of_customer", "legal_entity", "customer_no", "pool_id"),
)
