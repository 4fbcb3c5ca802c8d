"""The tables of what goes over the stored history in the background: simulations, and recalculations that were asked for."""

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Date, DateTime, Index, Integer, MetaData, Table, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB


def simulation_table(metadata: MetaData) -> Table:
    """Define the table of what-if runs: what was asked, how far it has come, and what it has found so far."""
    return Table(
        "simulation",
        metadata,
        Column("simulation_id", Text, primary_key=True),
        Column("legal_entity", Text, nullable=False),
        Column("rule", JSONB, nullable=False),
        Column("from_on", Date, nullable=False),
        Column("to_on", Date, nullable=False),  # not included
        Column("rule_set", Integer, nullable=False),  # the live rules it is compared with
        Column("status", Text, nullable=False),
        Column("made_by", Text, nullable=False),
        Column("made_at", DateTime(timezone=True), nullable=False),
        Column("events_total", BigInteger, nullable=True),  # null: not divided yet
        Column("fault", Text, nullable=True),
        Column("finished_at", DateTime(timezone=True), nullable=True),
        CheckConstraint("status in ('running', 'done', 'cancelled', 'failed')", name="status"),
        Index("ix_simulation_made", "legal_entity", "made_at", "simulation_id"),
        Index("ix_simulation_running", "made_at", postgresql_where=text("status = 'running'")),
    )


def simulation_part_table(metadata: MetaData) -> Table:
    """Define the table of the parts of simulations: the customers whom one process goes through, how far it has come, and what it has found so far."""
    return Table(
        "simulation_part",
        metadata,
        Column("simulation_id", Text, primary_key=True),
        Column("number", Integer, primary_key=True),
        Column("after_customer", Text, nullable=False),  # all customers of the part up to this one have been decided
        Column("until_customer", Text, nullable=True),  # null: to the last there is
        Column("effect", Text, nullable=False),  # JSON
        Column("is_done", Boolean, nullable=False),
    )


def recalculation_table(metadata: MetaData) -> Table:
    """Define the table of recalculations: what was asked and approved, how far it has come, and what it has posted so far."""
    return Table(
        "recalculation",
        metadata,
        Column("recalculation_id", Text, primary_key=True),
        Column("legal_entity", Text, nullable=False),
        Column("from_on", Date, nullable=False),
        Column("to_on", Date, nullable=False),  # not included
        Column("customers", ARRAY(Text), nullable=True),  # null: all
        Column("reason", Text, nullable=False),
        Column("status", Text, nullable=False),
        Column("made_by", Text, nullable=False),
        Column("made_at", DateTime(timezone=True), nullable=False),
        Column("checked_by", Text, nullable=True),
        Column("checked_at", DateTime(timezone=True), nullable=True),
        Column("rule_set", Integer, nullable=True),  # the rules in force when it was approved
        Column("after_customer", Text, nullable=False),  # all customers up to this one are done; '': none
        Column("events_total", BigInteger, nullable=True),
        Column("events", BigInteger, nullable=False),
        Column("changed", BigInteger, nullable=False),
        Column("points_given", BigInteger, nullable=False),
        Column("points_taken", BigInteger, nullable=False),
        Column("fault", Text, nullable=True),
        Column("finished_at", DateTime(timezone=True), nullable=True),
        CheckConstraint("status in ('pending', 'running', 'done', 'rejected', 'failed')", name="status"),
        Index("ix_recalculation_made", "legal_entity", "made_at", "recalculation_id"),
        Index("ix_recalculation_running", "made_at", postgresql_where=text("status = 'running'")),
    )


def cost_per_point_table(metadata: MetaData) -> Table:
    """Define the table of what a point costs from a business date on, as the parameter `cost-per-point` says."""
    return Table(
        "cost_per_point",
        metadata,
        Column("legal_entity", Text, primary_key=True),
        Column("effective_on", Date, primary_key=True),
        Column("minor", Text, nullable=False),  # decimal text: fractions of a minor unit stay exact
        Column("currency", Text, nullable=False),
    )
