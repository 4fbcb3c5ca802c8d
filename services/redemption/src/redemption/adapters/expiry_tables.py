"""The tables of expiry: how far the job has come, what customers were told, and what staff extended."""

from typing import Final

from sqlalchemy import BigInteger, Column, Date, DateTime, Index, Integer, PrimaryKeyConstraint, SmallInteger, Table, Text, text

from redemption.adapters.tables import metadata

#: As in `tables`: compared by its bytes.
_KEY: Final = Text(collation="C")

#: Every lot whose last date was before `expired_before` has been expired, but for points that a hold has: those lapse when it ends.
expiry_progress = Table(
    "expiry_progress",
    metadata,
    Column("legal_entity", _KEY, nullable=False),
    Column("expired_before", Date, nullable=False),
    PrimaryKeyConstraint("legal_entity"),
)

#: A customer told of points that will lapse, once for each last date; also what the relay publishes.
expiry_notice = Table(
    "expiry_notice",
    metadata,
    Column("batch_no", BigInteger, nullable=False),
    Column("position", Integer, nullable=False),
    Column("partition", SmallInteger, nullable=False),
    Column("legal_entity", _KEY, nullable=False),
    Column("customer_no", _KEY, nullable=False),
    Column("expires_on", Date, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("raised_on", Date, nullable=False),
    PrimaryKeyConstraint("legal_entity", "customer_no", "expires_on"),
    Index("ix_expiry_notice_batch_no", "batch_no", "position", unique=True),
)

#: An extension that staff asked for: of a customer, of an institution's lots, or of all lots of a last date; approved, it goes on after `done_before`.
expiry_extension = Table(
    "expiry_extension",
    metadata,
    Column("legal_entity", _KEY, nullable=False),
    Column("extension_id", _KEY, nullable=False),
    Column("customer_no", _KEY, nullable=True),
    Column("institution", _KEY, nullable=True),
    Column("expires_on", Date, nullable=True),
    Column("extend_to", Date, nullable=False),
    Column("reason", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("asked_at", DateTime(timezone=True), nullable=False),
    Column("decided_by", Text, nullable=True),
    Column("decided_at", DateTime(timezone=True), nullable=True),
    Column("done_before", _KEY, nullable=False, server_default=text("''")),
    Column("accounts", BigInteger, nullable=False, server_default=text("0")),
    Column("points", BigInteger, nullable=False, server_default=text("0")),
    PrimaryKeyConstraint("legal_entity", "extension_id"),
    Index("ix_expiry_extension_approved", "legal_entity", postgresql_where=text("status = 'approved'")),
)
