"""The tables that every service has alike, defined on its own MetaData, so that no service's migrations see another's."""

from sqlalchemy import MetaData

from loyalty_shared.persistence.dead_letters import dead_letter_table, source_state_table
from loyalty_shared.persistence.entity_dates import entity_table
from loyalty_shared.persistence.offsets import consumer_offset_table
from loyalty_shared.persistence.outgoing import outgoing_batch_table, relay_partition_table, relay_recovery_table, relay_seal_table
from loyalty_shared.web.credentials import credential_table
from loyalty_shared.web.idempotency import idempotency_table

_TABLES = (
    entity_table,
    credential_table,
    idempotency_table,
    outgoing_batch_table,
    relay_partition_table,
    relay_seal_table,
    relay_recovery_table,
    consumer_offset_table,
    dead_letter_table,
    source_state_table,
)


def define_service_tables(metadata: MetaData) -> None:
    """Define what a service that follows topics, publishes and answers over HTTP has: the same as its migrations create."""
    for define in _TABLES:
        define(metadata)
