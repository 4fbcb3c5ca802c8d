"""The merchant service's tables. What is the same in every service comes from `loyalty_shared`."""

from typing import Final

from sqlalchemy import BigInteger, Column, Date, DateTime, Index, Integer, MetaData, PrimaryKeyConstraint, Sequence, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from loyalty_shared.service_tables import define_service_tables

METADATA: Final = MetaData(
    naming_convention={"ix": "ix_%(column_0_N_label)s", "uq": "uq_%(table_name)s_%(column_0_N_name)s", "ck": "ck_%(table_name)s_%(constraint_name)s"}
)

define_service_tables(METADATA)

#: A name as key: compared by its bytes, so that pages come in one order on every server.
_KEY: Final = Text(collation="C")

#: The numbers that the service gives.
MERCHANT_NO: Final = Sequence("merchant_no", metadata=METADATA)

#: `profile`: names, terms and contacts, as the domain's Profile; what lists are filtered by stands beside it.
MERCHANT: Final = Table(
    "merchant",
    METADATA,
    Column("legal_entity", _KEY, nullable=False),
    Column("merchant_no", _KEY, nullable=False),
    Column("status", Text, nullable=False),
    Column("merchant_type", Text, nullable=False),
    Column("institution", Text, nullable=True),
    Column("version", Integer, nullable=False),
    Column("profile", JSONB, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("checked_by", Text, nullable=True),
    Column("reason", Text, nullable=True),
    Column("registered_at", DateTime(timezone=True), nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("legal_entity", "merchant_no"),
    Index("ix_merchant_status", "legal_entity", "status", "merchant_no"),
)

#: `body`: the domain's Store.
STORE: Final = Table(
    "store",
    METADATA,
    Column("legal_entity", _KEY, nullable=False),
    Column("merchant_no", _KEY, nullable=False),
    Column("store_no", _KEY, nullable=False),
    Column("body", JSONB, nullable=False),
    PrimaryKeyConstraint("legal_entity", "merchant_no", "store_no"),
)

#: `body`: the domain's Contract; what contracts are looked for by stands beside it. `effective_to` is not included; infinity: open.
CONTRACT: Final = Table(
    "contract",
    METADATA,
    Column("legal_entity", _KEY, nullable=False),
    Column("merchant_no", _KEY, nullable=False),
    Column("contract_no", _KEY, nullable=False),
    Column("status", Text, nullable=False),
    Column("effective_from", Date, nullable=False),
    Column("effective_to", Date, nullable=False),
    Column("body", JSONB, nullable=False),
    PrimaryKeyConstraint("legal_entity", "merchant_no", "contract_no"),
)

#: Every change of a merchant's status, never changed itself: the history, and the rows that the relay publishes; `body` is the very text.
MERCHANT_CHANGE: Final = Table(
    "merchant_change",
    METADATA,
    Column("batch_no", BigInteger, nullable=False),
    Column("position", Integer, nullable=False),
    Column("legal_entity", _KEY, nullable=False),
    Column("merchant_no", _KEY, nullable=False),
    Column("reason", Text, nullable=True),
    Column("body", Text, nullable=False),
    Column("traceparent", Text, nullable=True),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("batch_no", "position"),
)
