"""Accrual's tables. What counts on the batch path is bytes and index entries per event: one decision row with two, one business key with one.

`decision` is the record of every event and the outbox at once: the relay builds what is published from its columns.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
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
from sqlalchemy import UniqueConstraint as Unique
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from accrual.adapters.balance_tables import balance_account_table, balance_intake_table, daily_balance_table
from accrual.adapters.campaign_tables import campaign_day_table, campaign_lease_table, campaign_list_table, campaign_version_table
from accrual.adapters.run_tables import cost_per_point_table, recalculation_table, simulation_part_table, simulation_table
from accrual.adapters.waiting_earnings import released_earning_table, waiting_earning_table
from loyalty_shared.persistence.business_keys import business_key_table
from loyalty_shared.service_tables import define_service_tables

#: Constraint names say what they hold, so that one name maps to one error.
NAMES: Final = {
    "pk": "pk_%(table_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
}

metadata: Final = MetaData(naming_convention=NAMES)

define_service_tables(metadata)
business_key = business_key_table(metadata)
daily_balance = daily_balance_table(metadata)
balance_account = balance_account_table(metadata)
balance_intake = balance_intake_table(metadata)
waiting_earning = waiting_earning_table(metadata)
released_earning = released_earning_table(metadata)

simulation = simulation_table(metadata)
simulation_part = simulation_part_table(metadata)
recalculation = recalculation_table(metadata)
cost_per_point = cost_per_point_table(metadata)

campaign_version = campaign_version_table(metadata)
campaign_list = campaign_list_table(metadata)
campaign_lease = campaign_lease_table(metadata)
campaign_day = campaign_day_table(metadata)

#: Fixed-width columns first, so that no row is padded; `applied` is compact JSON as text, which the database need not parse.
decision = Table(
    "decision",
    metadata,
    Column("batch_no", BigInteger, nullable=False),
    Column("transaction_at", DateTime(timezone=True), nullable=False),
    Column("facts_at", DateTime(timezone=True), nullable=True),  # `changed_at` of the customer facts it was decided with; null: never announced
    Column("amount_minor", BigInteger, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("original_batch_no", BigInteger, nullable=True),
    Column("rule_set", Integer, nullable=False),  # 0: the entity had no rule; a refund has its original's
    Column("transaction_on", Date, nullable=False),
    Column("posted_on", Date, nullable=False),
    Column("position", SmallInteger, nullable=False),
    Column("partition", SmallInteger, nullable=False),
    Column("leg", SmallInteger, nullable=False),
    Column("original_leg", SmallInteger, nullable=True),
    Column("original_position", SmallInteger, nullable=True),  # with original_batch_no: the decision that a refund takes from
    Column("kind", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("legal_entity", Text, nullable=False),
    Column("customer_no", Text, nullable=False),
    Column("source_system", Text, nullable=False),
    Column("transaction_no", Text, nullable=False),
    Column("account_no", Text, nullable=False),
    Column("product_code", Text, nullable=False),
    Column("transaction_code", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("institution", Text, nullable=False),
    Column("direction", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("card_type", Text, nullable=True),
    Column("merchant_no", Text, nullable=True),
    Column("store_no", Text, nullable=True),
    Column("terminal_no", Text, nullable=True),
    Column("mcc", Text, nullable=True),
    Column("attributes", Text, nullable=True),  # JSON; null: none
    Column("original_source_system", Text, nullable=True),
    Column("original_no", Text, nullable=True),
    Column("reason", Text, nullable=True),  # null: points were given or taken as the rules say
    Column("applied", Text, nullable=True),  # JSON: what each rule gave, and what its limits had counted before
    Column("traceparent", Text, nullable=True),
    # Of recalculations (docs/decisions/0013); all null in what the stream decides, which so costs no byte.
    Column("first_batch_no", BigInteger, nullable=True),  # with first_position: where the event's first decision stood
    Column("superseded_by", BigInteger, nullable=True),  # the batch of the decision that took this one's place
    Column("first_position", SmallInteger, nullable=True),
    Column("recalculated_by", Text, nullable=True),
    Column("posted", Text, nullable=True),  # JSON: the differences that the relay publishes, in place of `applied`
    PrimaryKeyConstraint("batch_no", "position"),
    Index("ix_decision_customer", "legal_entity", "customer_no", "batch_no"),
    Index("ix_decision_original", "legal_entity", "original_no", postgresql_where=text("original_no is not null")),
)

#: What limits have counted: one row per customer and month of the transaction date, locked in key order. Room is left on each page for updates in place.
usage = Table(
    "usage",
    metadata,
    Column("legal_entity", Text, nullable=False),
    Column("customer_no", Text, nullable=False),
    Column("month", Text, nullable=False),  # "2026-03"
    Column("version", Integer, nullable=False),  # raised by each change, by which a reader that held no lock finds out
    Column("counters", Text, nullable=False),  # JSON
    PrimaryKeyConstraint("legal_entity", "customer_no", "month"),
    postgresql_with={"fillfactor": "60"},
)

#: Exchange rates as the parameter states them, each statement in force from a date on; `version` tells a reader that keeps them whether others were stated.
exchange_rate = Table(
    "exchange_rate",
    metadata,
    Column("legal_entity", Text, nullable=False),
    Column("effective_on", Date, nullable=False),
    Column("version", Integer, nullable=False),
    Column("rates", Text, nullable=False),  # JSON: currency > how many CNY one unit is worth
    PrimaryKeyConstraint("legal_entity", "effective_on"),
    Index("ix_exchange_rate_version", "legal_entity", "version"),
)

#: What refunds have left of a decision: made at its first refund, keyed by the decision's place.
original_left = Table(
    "original_left",
    metadata,
    Column("batch_no", BigInteger, nullable=False),
    Column("position", SmallInteger, nullable=False),
    Column("left_over", Text, nullable=False),  # JSON: the amount and each rule's points
    PrimaryKeyConstraint("batch_no", "position"),
)

#: A refund or reversal whose original has not come; its decision stands at (batch_no, position) with the outcome `waiting`.
waiting_refund = Table(
    "waiting_refund",
    metadata,
    Column("original_key", Text(collation="C"), nullable=False),  # as in business_key
    Column("batch_no", BigInteger, nullable=False),
    Column("position", SmallInteger, nullable=False),
    Column("waiting_since", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("original_key", "batch_no", "position"),
    Index("ix_waiting_refund_since", "waiting_since"),
)

batch_summary = Table(
    "batch_summary",
    metadata,
    Column("batch_no", BigInteger, primary_key=True),
    Column("groups", Text, nullable=False),
    Column("suspects", Text, nullable=True),  # JSON: what is published for velocity watching; null: nothing was noticed
)

customer_fact = Table(
    "customer_fact",
    metadata,
    Column("legal_entity", Text, nullable=False),
    Column("customer_no", Text, nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    Column("name", Text, nullable=True),
    Column("level", Text, nullable=True),
    Column("tags", ARRAY(Text), nullable=False),
    Column("born_on", Date, nullable=True),
    Column("joined_on", Date, nullable=True),
    Column("institution", Text, nullable=True),
    Column("status", Text, nullable=False),
    PrimaryKeyConstraint("legal_entity", "customer_no", "changed_at"),
)

#: Merchants' facts by the batch that recorded them: a decision saw those recorded before its own batch, which no decision overlaps.
merchant_fact = Table(
    "merchant_fact",
    metadata,
    Column("legal_entity", Text, nullable=False),
    Column("merchant_no", Text, nullable=False),
    Column("batch_no", BigInteger, nullable=False),
    Column("version", Integer, nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    Column("merchant_type", Text, nullable=False),
    Column("mcc", Text, nullable=True),
    Column("institution", Text, nullable=True),
    Column("status", Text, nullable=False),
    PrimaryKeyConstraint("legal_entity", "merchant_no", "batch_no"),
)

#: A version of a rule. The document never changes after it is approved; the status and the stop do.
rule_version = Table(
    "rule_version",
    metadata,
    Column("rule_no", Integer, Identity(always=True), primary_key=True),
    Column("legal_entity", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("document", JSONB, nullable=False),
    Column("status", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False),
    Column("checked_by", Text, nullable=True),
    Column("checked_at", DateTime(timezone=True), nullable=True),
    Column("stopped_on", Date, nullable=True),
    Unique("legal_entity", "code", "version"),
    CheckConstraint("status in ('draft', 'submitted', 'approved', 'rejected', 'stopped')", name="status"),
)

#: The rules of an entity at one moment. Immutable: a decision names the set it was made with, and can be made again from it.
rule_set = Table(
    "rule_set",
    metadata,
    Column("number", Integer, Identity(always=True), primary_key=True),
    Column("legal_entity", Text, nullable=False),
    Column("members", JSONB, nullable=False),  # [[rule_no, stopped_on or null], ...]
    Column("campaigns", JSONB, nullable=False, server_default="[]"),  # [[campaign_no, stopped_on or null], ...]: those that the rules name
    Column("made_at", DateTime(timezone=True), nullable=False),
    Index("ix_rule_set_entity", "legal_entity", "number"),
)

#: Customer numbers that became one, as the ledger has told.
customer_merge = Table(
    "customer_merge",
    metadata,
    Column("legal_entity", Text, nullable=False),
    Column("merge_id", Text, nullable=False),
    Column("from_customer_no", Text, nullable=False),
    Column("into_customer_no", Text, nullable=False),
    Column("is_undone", Boolean, nullable=False),
    PrimaryKeyConstraint("legal_entity", "merge_id"),
    Index("ix_customer_merge_from", "legal_entity", "from_customer_no"),
    Index("ix_customer_merge_into", "legal_entity", "into_customer_no"),
)

#: Which number answers for a merged one in the end: follows from the merges in force.
merged_number = Table(
    "merged_number",
    metadata,
    Column("legal_entity", Text, nullable=False),
    Column("customer_no", Text, nullable=False),
    Column("survivor", Text, nullable=False),
    PrimaryKeyConstraint("legal_entity", "customer_no"),
    Index("ix_merged_number_survivor", "legal_entity", "survivor"),
)
