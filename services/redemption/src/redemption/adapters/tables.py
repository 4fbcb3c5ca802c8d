"""The tables of the points ledger. What is the same in every service comes from `loyalty_shared`; those of online calls are in `online_tables`."""

from typing import Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSON

from loyalty_shared.service_tables import define_service_tables

#: Rows of accounts and lots are updated for as long as the customer is one: room on the page keeps an update from touching any index.
_ROOM_TO_UPDATE: Final = {"fillfactor": 75}

metadata = MetaData(
    naming_convention={"ix": "ix_%(column_0_N_label)s", "uq": "uq_%(table_name)s_%(column_0_N_name)s", "ck": "ck_%(table_name)s_%(constraint_name)s"}
)

define_service_tables(metadata)

#: A name as key: compared by its bytes, so that PostgreSQL's order is Python's and locks are taken in one order everywhere.
_KEY: Final = Text(collation="C")

#: One per customer per entity. `totals` {type: [earned, used, expired]}; `arrears` {type: points}, null when there are none;
#: `freezes` [[freeze_id, points or null, until or null], ...], null when nothing is frozen; `active_on` the customer's last activity, kept for sliding points.
account = Table(
    "account",
    metadata,
    Column("legal_entity", _KEY, nullable=False),
    Column("customer_no", _KEY, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("totals", JSON, nullable=False),
    Column("arrears", JSON, nullable=True),
    Column("opened_at", DateTime(timezone=True), nullable=False),
    Column("freezes", JSON, nullable=True),
    Column("active_on", Date, nullable=True),
    Column("merged_into", _KEY, nullable=True),
    Column("merged", ARRAY(Text), nullable=True),
    PrimaryKeyConstraint("legal_entity", "customer_no"),
    Index("ix_account_merged", "legal_entity", "merged_into", postgresql_where=text("merged_into is not null")),
    postgresql_with=_ROOM_TO_UPDATE,
)

#: `available_on` -infinity: the open lot, else a pending bucket; `expires_on` infinity: never. `points` are open ones, held included.
#: `sliding_months` not 0: `expires_on` is infinity, and `slides_to` the last date of use as the account's last activity has it.
lot = Table(
    "lot",
    metadata,
    Column("points", BigInteger, nullable=False),
    Column("held", BigInteger, nullable=False),
    Column("lapsed", BigInteger, nullable=False),
    Column("excused", BigInteger, nullable=False),
    Column("legal_entity", _KEY, nullable=False),
    Column("customer_no", _KEY, nullable=False),
    Column("point_type", _KEY, nullable=False),
    Column("available_on", Date, nullable=False),
    Column("expires_on", Date, nullable=False),
    Column("party", _KEY, nullable=False),
    Column("institution", _KEY, nullable=False),
    Column("sliding_months", SmallInteger, nullable=False, server_default=text("0")),
    Column("slides_to", Date, nullable=True),
    PrimaryKeyConstraint("legal_entity", "customer_no", "point_type", "available_on", "expires_on", "party", "institution", "sliding_months"),
    CheckConstraint("held between 0 and points and excused between 0 and lapsed", name="points"),
    Index("ix_lot_expires_on", "legal_entity", "expires_on", "customer_no", postgresql_where=text("expires_on < 'infinity'")),
    Index("ix_lot_slides_to", "legal_entity", "slides_to", "customer_no", postgresql_where=text("slides_to is not null")),
    Index("ix_lot_pending", "legal_entity", "available_on", "customer_no", postgresql_where=text("available_on > '-infinity'")),
    postgresql_with=_ROOM_TO_UPDATE,
)

#: The ledger: append-only (a trigger, made by the migration, refuses update and delete), and what the relay publishes.
#: `lots` [[lot_id, signed points, available_on or null], ...]; `excused` the same of lapsed points that a claw-back met; `active_on` as the account's.
entry = Table(
    "entry",
    metadata,
    Column("batch_no", BigInteger, nullable=False),
    Column("account_version", BigInteger, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("balance_after", BigInteger, nullable=False),
    Column("posted_at", DateTime(timezone=True), nullable=False),
    Column("position", Integer, nullable=False),
    Column("business_on", Date, nullable=False),
    Column("partition", SmallInteger, nullable=False),
    Column("cause_leg", SmallInteger, nullable=False),
    Column("legal_entity", _KEY, nullable=False),
    Column("customer_no", _KEY, nullable=False),
    Column("kind", Text, nullable=False),
    Column("point_type", Text, nullable=False),
    Column("lots", JSON, nullable=False),
    Column("cause_kind", Text, nullable=False),
    Column("cause_source", Text, nullable=False),
    Column("cause_no", Text, nullable=False),
    Column("rule_code", Text, nullable=True),
    Column("application", Text, nullable=True),
    Column("channel", Text, nullable=True),
    Column("institution", Text, nullable=True),
    Column("debit_account", Text, nullable=False),
    Column("credit_account", Text, nullable=False),
    Column("excused", JSON, nullable=True),
    Column("active_on", Date, nullable=True),
    Column("came_by", _KEY, nullable=True),
    PrimaryKeyConstraint("batch_no", "position"),
    UniqueConstraint("legal_entity", "customer_no", "account_version"),
)

#: What core.customers last said of a customer; only what the ledger asks: may he spend, and who may see him.
customer = Table(
    "customer",
    metadata,
    Column("legal_entity", _KEY, nullable=False),
    Column("customer_no", _KEY, nullable=False),
    Column("status", Text, nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    Column("home_institution", Text, nullable=True),
    Column("level", Text, nullable=True),
    Column("tags", ARRAY(Text), nullable=True),
    PrimaryKeyConstraint("legal_entity", "customer_no"),
)

#: What loyalty.merchant.merchants last said of a merchant; only what the ledger asks: may points be spent there.
merchant = Table(
    "merchant",
    metadata,
    Column("legal_entity", _KEY, nullable=False),
    Column("merchant_no", _KEY, nullable=False),
    Column("status", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("legal_entity", "merchant_no"),
)

#: A business date that gets no more postings: one outgoing row for each partition of the ledger's topic.
day_closed = Table(
    "day_closed",
    metadata,
    Column("batch_no", BigInteger, nullable=False),
    Column("position", Integer, nullable=False),
    Column("partition", SmallInteger, nullable=False),
    Column("legal_entity", _KEY, nullable=False),
    Column("business_on", Date, nullable=False),
    Column("entries", BigInteger, nullable=False),
    Column("points_by_kind", JSON, nullable=False),
    Column("closed_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("batch_no", "position"),
    UniqueConstraint("legal_entity", "business_on", "partition"),
)

#: What the console's parameters are set to, from a business date on.
parameter = Table(
    "parameter",
    metadata,
    Column("legal_entity", _KEY, nullable=False),
    Column("name", _KEY, nullable=False),
    Column("effective_on", Date, nullable=False),
    Column("value", JSON, nullable=False),
    PrimaryKeyConstraint("legal_entity", "name", "effective_on"),
)
