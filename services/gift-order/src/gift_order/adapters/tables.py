"""The tables of gift-order. What is the same in every service comes from `loyalty_shared`. Everything is keyed within an entity."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Identity,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import BYTEA, JSON, JSONB

from loyalty_shared.service_tables import define_service_tables

metadata = MetaData(
    naming_convention={"ix": "ix_%(column_0_N_label)s", "uq": "uq_%(table_name)s_%(column_0_N_name)s", "ck": "ck_%(table_name)s_%(constraint_name)s"}
)

define_service_tables(metadata)

#: A name as key: compared by its bytes.
_KEY: Final = Text(collation="C")

#: The catalogue. `stock`: pieces that no order has; never below zero, whatever races.
gift = Table(
    "gift",
    metadata,
    Column("legal_entity", _KEY, nullable=False),
    Column("gift_code", _KEY, nullable=False),
    Column("names", JSONB, nullable=False),
    Column("kind", Text, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("cash_minor", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("stock", BigInteger, nullable=False),
    Column("supplier", Text, nullable=True),
    Column("campaign_code", Text, nullable=True),
    Column("customer_limit", BigInteger, nullable=True),
    Column("status", Text, nullable=False),
    PrimaryKeyConstraint("legal_entity", "gift_code"),
    CheckConstraint("stock >= 0", name="stock"),
    CheckConstraint("points >= 1 and cash_minor >= 0", name="price"),
)

#: Every change of a stock, append-only. `kind`: in, removed (by hand), reserved (by an order), out (shipped, which takes nothing more), returned.
#: `change` is what it added to `gift.stock`; their sum is the stock.
stock_movement = Table(
    "stock_movement",
    metadata,
    Column("movement_no", BigInteger, Identity(always=True), primary_key=True),
    Column("legal_entity", _KEY, nullable=False),
    Column("gift_code", _KEY, nullable=False),
    Column("kind", Text, nullable=False),
    Column("pieces", BigInteger, nullable=False),
    Column("change", BigInteger, nullable=False),
    Column("order_id", Text, nullable=True),
    Column("moved_by", Text, nullable=True),
    Column("moved_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("pieces > 0", name="pieces"),
    Index("ix_stock_movement_gift", "legal_entity", "gift_code", "movement_no"),
)

#: As `domain.orders.Order`. The sweeper finds what needs it by `attend_at`.
customer_order = Table(
    "customer_order",
    metadata,
    Column("legal_entity", _KEY, nullable=False),
    Column("order_id", _KEY, nullable=False),
    Column("customer_no", _KEY, nullable=False),
    Column("gift_code", _KEY, nullable=False),
    Column("supplier", Text, nullable=True),
    Column("quantity", BigInteger, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("cash_minor", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("delivery", JSON, nullable=True),
    Column("status", Text, nullable=False),
    Column("placed_on", Date, nullable=False),
    Column("placed_at", DateTime(timezone=True), nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("attend_at", DateTime(timezone=True), nullable=True),
    Column("tries", Integer, nullable=False),
    Column("reason", Text, nullable=True),
    Column("reservation_id", Text, nullable=True),
    Column("redemption_id", Text, nullable=True),
    Column("pay_by", DateTime(timezone=True), nullable=True),
    Column("payment_no", Text, nullable=True),
    Column("paid_minor", BigInteger, nullable=False),
    PrimaryKeyConstraint("legal_entity", "order_id"),
    Index("ix_customer_order_customer", "legal_entity", "customer_no", "order_id"),
    Index("ix_customer_order_attend_at", "attend_at", postgresql_where=text("attend_at is not null")),
)

#: The call that an order is moving for: it is answered by the step that brings the order to rest.
call_under_way = Table(
    "call_under_way",
    metadata,
    Column("legal_entity", _KEY, nullable=False),
    Column("credential", _KEY, nullable=False),
    Column("key", _KEY, nullable=False),
    Column("body_sha256", BYTEA, nullable=False),
    Column("order_id", _KEY, nullable=False),
    PrimaryKeyConstraint("legal_entity", "credential", "key"),
    Index("uq_call_under_way_order", "legal_entity", "order_id", unique=True),
)

#: The rows that the relay publishes; `body` is the very text.
fact = Table(
    "fact",
    metadata,
    Column("batch_no", BigInteger, nullable=False),
    Column("position", Integer, nullable=False),
    Column("partition", SmallInteger, nullable=False),
    Column("type", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("traceparent", Text, nullable=True),
    Column("happened_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("batch_no", "position"),
)

#: Who has earned in which campaign: one row however often.
campaign_customer = Table(
    "campaign_customer",
    metadata,
    Column("legal_entity", _KEY, nullable=False),
    Column("campaign_code", _KEY, nullable=False),
    Column("customer_no", _KEY, nullable=False),
    PrimaryKeyConstraint("legal_entity", "campaign_code", "customer_no"),
)

#: Gifts that customers wish for. `ask_at`: when redemption is asked next whether the points are there, null: at the next earning or date.
wish = Table(
    "wish",
    metadata,
    Column("legal_entity", _KEY, nullable=False),
    Column("wish_id", _KEY, nullable=False),
    Column("customer_no", _KEY, nullable=False),
    Column("gift_code", _KEY, nullable=False),
    Column("status", Text, nullable=False),
    Column("wished_at", DateTime(timezone=True), nullable=False),
    Column("told_at", DateTime(timezone=True), nullable=True),
    Column("ask_at", DateTime(timezone=True), nullable=True),
    Column("tries", Integer, nullable=False),
    PrimaryKeyConstraint("legal_entity", "wish_id"),
    Index("uq_wish_open", "legal_entity", "customer_no", "gift_code", unique=True, postgresql_where=text("status = 'open'")),
    Index("ix_wish_ask_at", "ask_at", postgresql_where=text("status = 'open'")),
)
