"""A database with every shared table in it."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import MetaData

from loyalty_shared.persistence import business_keys, dead_letters, entity_dates, offsets, outgoing
from loyalty_shared.persistence.connections import Database


@pytest.fixture
def shared_database(database: Callable[[str], str]) -> Iterator[Database]:
    """Return a fresh database that has the tables of shared/persistence."""
    metadata = MetaData()
    business_keys.business_key_table(metadata)
    dead_letters.dead_letter_table(metadata)
    dead_letters.source_state_table(metadata)
    entity_dates.entity_table(metadata)
    offsets.consumer_offset_table(metadata)
    outgoing.outgoing_batch_table(metadata)
    made = Database(database("shared"), application_name="test")
    metadata.create_all(made.engine)
    with made.transaction() as cursor:
        for statement in business_keys.PARTITIONS_DDL:
            cursor.execute(statement)
    yield made
    made.close()
