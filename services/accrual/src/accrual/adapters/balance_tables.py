"""Tables of accounts' balances, and of how far their months are decided."""

from sqlalchemy import BigInteger, Boolean, Column, Date, DateTime, Index, MetaData, PrimaryKeyConstraint, SmallInteger, Table, Text


def daily_balance_table(metadata: MetaData) -> Table:
    """Define the balances at the end of each day, as they came; a day without one has that of the day before."""
    return Table(
        "daily_balance",
        metadata,
        Column("legal_entity", Text, nullable=False),
        Column("account_no", Text, nullable=False),
        Column("balance_on", Date, nullable=False),
        Column("source_system", Text, nullable=False),
        Column("customer_no", Text, nullable=False),
        Column("product_code", Text, nullable=False),
        Column("balance_minor", BigInteger, nullable=False),
        Column("currency", Text, nullable=False),
        PrimaryKeyConstraint("legal_entity", "account_no", "balance_on"),
    )


def balance_account_table(metadata: MetaData) -> Table:
    """Define the accounts with balances: the first day of the month that is decided next; `started`: a month of it has been, so that it only moves on."""
    return Table(
        "balance_account",
        metadata,
        Column("legal_entity", Text, nullable=False),
        Column("account_no", Text, nullable=False),
        Column("next_on", Date, nullable=False),
        Column("started", Boolean, nullable=False),
        PrimaryKeyConstraint("legal_entity", "account_no"),
        Index("ix_balance_account_due", "legal_entity", "next_on", "account_no"),
    )


def balance_intake_table(metadata: MetaData) -> Table:
    """Define when balances of an entity were last recorded, one row for each partition that they come in."""
    return Table(
        "balance_intake",
        metadata,
        Column("legal_entity", Text, nullable=False),
        Column("partition", SmallInteger, nullable=False),
        Column("recorded_at", DateTime(timezone=True), nullable=False),
        PrimaryKeyConstraint("legal_entity", "partition"),
    )
