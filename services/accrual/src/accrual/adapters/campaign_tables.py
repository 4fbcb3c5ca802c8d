"""Tables of campaigns, their uploaded lists, and what of their budgets was used."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, DateTime, Identity, Integer, MetaData, PrimaryKeyConstraint, SmallInteger, Table, Text
from sqlalchemy import UniqueConstraint as Unique
from sqlalchemy.dialects.postgresql import ARRAY, JSONB


def campaign_version_table(metadata: MetaData) -> Table:
    """Define the versions of campaigns. The document never changes; the status and the stop do."""
    return Table(
        "campaign_version",
        metadata,
        Column("campaign_no", Integer, Identity(always=True), primary_key=True),
        Column("legal_entity", Text, nullable=False),
        Column("code", Text, nullable=False),
        Column("version", Integer, nullable=False),
        Column("document", JSONB, nullable=False),  # as sent, without `target.customers`
        Column("list_no", Integer, nullable=True),  # the uploaded list; null: none
        Column("status", Text, nullable=False),
        Column("made_by", Text, nullable=False),
        Column("made_at", DateTime(timezone=True), nullable=False),
        Column("checked_by", Text, nullable=True),
        Column("checked_at", DateTime(timezone=True), nullable=True),
        Column("stopped_on", Date, nullable=True),
        Unique("legal_entity", "code", "version"),
        CheckConstraint("status in ('pending', 'active', 'rejected', 'stopped')", name="status"),
    )


def campaign_list_table(metadata: MetaData) -> Table:
    """Define the uploaded lists: immutable, so that a decision's membership can be told for ever."""
    return Table(
        "campaign_list",
        metadata,
        Column("list_no", Integer, Identity(always=True), primary_key=True),
        Column("customers", ARRAY(Text), nullable=False),
    )


def campaign_lease_table(metadata: MetaData) -> Table:
    """Define the parts of budgets. The pool is what the budget has beyond all that is granted, so no row stands for it.

    `worker`: the partition whose consumer gives from this row; -1: whoever consumes none.
    """
    return Table(
        "campaign_lease",
        metadata,
        Column("legal_entity", Text, nullable=False),
        Column("code", Text, nullable=False),
        Column("granted", BigInteger, nullable=False),  # taken from the pool: what was used, and what may be
        Column("used", BigInteger, nullable=False),  # given by this worker less what it took back; below zero where others gave it
        Column("worker", SmallInteger, nullable=False),
        PrimaryKeyConstraint("legal_entity", "code", "worker"),
        postgresql_with={"fillfactor": "60"},
    )


def campaign_day_table(metadata: MetaData) -> Table:
    """Define what campaigns gave by business date, for their pace."""
    return Table(
        "campaign_day",
        metadata,
        Column("legal_entity", Text, nullable=False),
        Column("code", Text, nullable=False),
        Column("points", BigInteger, nullable=False),
        Column("business_on", Date, nullable=False),
        Column("worker", SmallInteger, nullable=False),
        PrimaryKeyConstraint("legal_entity", "code", "business_on", "worker"),
        postgresql_with={"fillfactor": "60"},
    )
