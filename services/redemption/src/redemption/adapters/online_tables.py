"""The tables of online calls: what was held, spent, refunded and granted, and every channel serial that has been seen. Keyed within an entity."""

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Date, DateTime, Index, LargeBinary, PrimaryKeyConstraint, Table, Text, text
from sqlalchemy.dialects.postgresql import JSON

from redemption.adapters.tables import metadata

#: As in `tables`: compared by its bytes.
_KEY: Final = Text(collation="C")

#: What points can be spent on. `minimum`, `step`, `points_max`: points in one call, null: no such bound; `terms`: all else it asks, null: nothing.
application = Table(
    "application",
    metadata,
    Column("legal_entity", _KEY, nullable=False),
    Column("code", _KEY, nullable=False),
    Column("is_open", Boolean, nullable=False),
    Column("minimum", BigInteger, nullable=True),
    Column("step", BigInteger, nullable=True),
    Column("points_max", BigInteger, nullable=True),
    Column("terms", JSON, nullable=True),
    PrimaryKeyConstraint("legal_entity", "code"),
)

#: `lots` [[lot_id, points], ...] in the order of spending. Live ones (status reserved) are found by account, and by when they end.
#: `spent_by`: the pool member who asked for it, null: whose points they are.
hold = Table(
    "hold",
    metadata,
    Column("legal_entity", _KEY, nullable=False),
    Column("reservation_id", _KEY, nullable=False),
    Column("customer_no", _KEY, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("application", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("merchant_no", Text, nullable=True),
    Column("lots", JSON, nullable=False),
    Column("status", Text, nullable=False),
    Column("redemption_id", Text, nullable=True),
    Column("reserved_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True), nullable=True),
    Column("counted_on", Date, nullable=True),
    Column("quote_id", Text, nullable=True),
    Column("spent_by", Text, nullable=True),
    PrimaryKeyConstraint("legal_entity", "reservation_id"),
    Index("ix_hold_reserved_at", "legal_entity", "customer_no", "reserved_at"),
    Index("ix_hold_live", "legal_entity", "customer_no", postgresql_where=text("status = 'reserved'")),
    Index("ix_hold_expires_at", "expires_at", postgresql_where=text("status = 'reserved'")),
)

#: `lots` [[lot_id, taken, left], ...] in the order they were taken; left: not given back. `spent_by` as of a hold.
redemption = Table(
    "redemption",
    metadata,
    Column("legal_entity", _KEY, nullable=False),
    Column("redemption_id", _KEY, nullable=False),
    Column("customer_no", _KEY, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("application", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("merchant_no", Text, nullable=True),
    Column("lots", JSON, nullable=False),
    Column("status", Text, nullable=False),
    Column("business_on", Date, nullable=False),
    Column("redeemed_at", DateTime(timezone=True), nullable=False),
    Column("counted_on", Date, nullable=True),
    Column("spent_by", Text, nullable=True),
    PrimaryKeyConstraint("legal_entity", "redemption_id"),
    Index("ix_redemption_counted", "legal_entity", "customer_no", "counted_on"),
)

#: One refund of a redemption. `lots` [[lot_id, points], ...] that it restored.
refund = Table(
    "refund",
    metadata,
    Column("legal_entity", _KEY, nullable=False),
    Column("refund_id", _KEY, nullable=False),
    Column("redemption_id", _KEY, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("channel", Text, nullable=False),
    Column("lots", JSON, nullable=False),
    Column("refunded_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("legal_entity", "refund_id"),
)

#: Points given by a channel, and why.
point_grant = Table(
    "point_grant",
    metadata,
    Column("legal_entity", _KEY, nullable=False),
    Column("grant_id", _KEY, nullable=False),
    Column("customer_no", _KEY, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("lot_id", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("granted_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("legal_entity", "grant_id"),
)

#: Every channel serial seen, with the first answer and what the call made. `body_sha256` null: a reversal came before the call it names, and keeps it out.
channel_serial = Table(
    "channel_serial",
    metadata,
    Column("legal_entity", _KEY, nullable=False),
    Column("channel", _KEY, nullable=False),
    Column("channel_date", Date, nullable=False),
    Column("channel_serial", _KEY, nullable=False),
    Column("body_sha256", LargeBinary, nullable=True),
    Column("refusal", Text, nullable=True),
    Column("body", JSON, nullable=True),
    Column("effect", Text, nullable=True),
    Column("effect_id", Text, nullable=True),
    Column("customer_no", Text, nullable=True),
    Column("is_reversed", Boolean, nullable=False),
    Column("seen_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("legal_entity", "channel", "channel_date", "channel_serial"),
)

#: Points and cash offered for an amount, until `expires_at`. `cash_minor`: what points do not pay; `used_by`: the reservation or redemption made at it.
quote = Table(
    "quote",
    metadata,
    Column("legal_entity", _KEY, nullable=False),
    Column("quote_id", _KEY, nullable=False),
    Column("customer_no", _KEY, nullable=False),
    Column("application", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("cash_minor", BigInteger, nullable=False),
    Column("rate", JSON, nullable=False),
    Column("step_up", Boolean, nullable=False),
    Column("quoted_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("used_by", Text, nullable=True),
    PrimaryKeyConstraint("legal_entity", "quote_id"),
)
