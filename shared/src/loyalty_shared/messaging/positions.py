"""Where a group goes on in a partition: PostgreSQL's word, held against what Kafka has."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from aiokafka import TopicPartition

from loyalty_shared.messaging.identity import TopicIdentity
from loyalty_shared.persistence.connections import Database
from loyalty_shared.persistence.offsets import Position, find_position


class Halted(Exception):
    """This partition may not be read on; its place is kept. The text says why, for whoever is paged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the next record is taken from; `stored` is None while the group has no row for the partition."""

    stored: Position | None
    position: Position


def place_from(stored: Position | None, identity: TopicIdentity, beginning_offset: int, end_offset: int) -> Place:
    """Return where to go on. Raises Halted when Kafka is not what the stored place is a place in: other offsets than these would lose or double records."""
    if stored is None:
        return Place(stored=None, position=Position(cluster_id=identity.cluster_id, topic_id=identity.topic_id, next_offset=beginning_offset))
    if stored.cluster_id != identity.cluster_id:
        raise Halted(f"this is Kafka cluster {identity.cluster_id}, the stored place is in {stored.cluster_id}: connect the service to its own cluster")
    if stored.topic_id != identity.topic_id:
        raise Halted(f"the topic was deleted and made again (id {identity.topic_id}, stored {stored.topic_id}): its old records are not in it")
    if end_offset < stored.next_offset:
        raise Halted(f"Kafka ends at offset {end_offset}, below the stored {stored.next_offset}: it has lost records, restore it")
    if beginning_offset > stored.next_offset:
        raise Halted(f"Kafka begins at offset {beginning_offset}, beyond the stored {stored.next_offset}: records were deleted before they were read")
    return Place(stored=stored, position=stored)


def find_positions(database: Database, group: str, partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, Position | None]:
    """Return the stored place of each partition, None where the group never took a record."""
    with database.transaction() as cursor:
        return {partition: find_position(cursor, group, *partition) for partition in partitions}
