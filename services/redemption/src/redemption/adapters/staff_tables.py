"""The tables of what staff do to accounts: freezes. Keyed within an entity."""

from typing import Final

from sqlalchemy import BigInteger, Column, Date, DateTime, Index, PrimaryKeyConstraint, Table, Text, text

from redemption.adapters.tables import metadata

#: As in `tables`: compared by its bytes.
_KEY: Final = Text(collation="C")

#: `points` null: all; `until` null: until it is lifted. `status` frozen, lifted or ended (`until` has passed).
point_freeze = Table(
    "point_freeze",
    metadata,
    Column("legal_entity", _KEY, nullable=False),
    Column("freeze_id", _KEY, nullable=False),
    Column("customer_no", _KEY, nullable=False),
    Column("points", BigInteger, nullable=True),
    Column("until", Date, nullable=True),
    Column("reason", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("frozen_by", Text, nullable=False),
    Column("frozen_at", DateTime(timezone=True), nullable=False),
    Column("ended_by", Text, nullable=True),
    Column("ended_at", DateTime(timezone=True), nullable=True),
    PrimaryKeyConstraint("legal_entity", "freeze_id"),
    Index("ix_point_freeze_of_customer", "legal_entity", "customer_no", "freeze_id"),
    Index("ix_point_freeze_until", "legal_entity", "until", postgresql_where=text("status = 'frozen'")),
)
