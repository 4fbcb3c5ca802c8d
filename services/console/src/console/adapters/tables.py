"""The console's tables."""

from typing import Final

from sqlalchemy import BigInteger, Column, Date, DateTime, Integer, MetaData, PrimaryKeyConstraint, Table, Text

from loyalty_shared.persistence.dead_letters import dead_letter_table
from loyalty_shared.persistence.entity_dates import entity_table
from loyalty_shared.persistence.offsets import consumer_offset_table
from loyalty_shared.persistence.outgoing import outgoing_batch_table, relay_partition_table, relay_recovery_table, relay_seal_table
from loyalty_shared.web.credentials import credential_table
from loyalty_shared.web.idempotency import idempotency_table

METADATA: Final = MetaData(
    naming_convention={"pk": "pk_%(table_name)s", "uq": "uq_%(table_name)s_%(column_0_N_name)s", "ck": "ck_%(table_name)s_%(constraint_name)s"}
)

for _define in (
    entity_table,
    credential_table,
    idempotency_table,
    consumer_offset_table,  # the relay asks it whether the service's own consumers have caught up
    outgoing_batch_table,
    relay_partition_table,
    relay_seal_table,
    relay_recovery_table,
    dead_letter_table,
):
    _define(METADATA)

#: Every business date an entity has had, and who opened it. Nothing here is changed or deleted.
BUSINESS_DATE: Final = Table(
    "business_date",
    METADATA,
    Column("legal_entity", Text, nullable=False),
    Column("business_on", Date, nullable=False),
    Column("previous_on", Date, nullable=True),
    Column("opened_by", Text, nullable=False),
    Column("opened_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("legal_entity", "business_on"),
)

#: The rows that the relay publishes; `body` is the very text.
ANNOUNCEMENT: Final = Table(
    "announcement",
    METADATA,
    Column("batch_no", BigInteger, nullable=False),
    Column("position", Integer, nullable=False),
    Column("type", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("traceparent", Text, nullable=True),
    Column("announced_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("batch_no", "position"),
)
