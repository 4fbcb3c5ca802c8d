"""What Kafka already holds of a partition of ours: the last number, by which a relay that takes it over knows where the one before it came to."""

from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from loyalty_shared.messaging.headers import SEQUENCE, header_value, sequence_from

#: Read back so far: a relay that slept may have repeated its last window after others had gone on, so the last record need not have the highest number.
TAIL_RECORDS: Final = 10_000
_READ_SECONDS: Final = 5.0


async def highest_number(consumer: AIOKafkaConsumer, topic: str, partition: int) -> tuple[int, int]:
    """Return the highest (epoch, number) at the partition's end, (0, 0) when it has no record. Raises aiokafka's KafkaError.

    The consumer belongs to no group; it is assigned this partition.
    """
    place = TopicPartition(topic, partition)
    end = (await consumer.end_offsets([place]))[place]
    beginning = (await consumer.beginning_offsets([place]))[place]
    offset = max(beginning, end - TAIL_RECORDS)
    highest = (0, 0)
    if offset < end:
        consumer.assign([place])
        consumer.seek(place, offset)
    while offset < end:
        fetched = await consumer.getmany(place, timeout_ms=int(_READ_SECONDS * 1000))
        for record in fetched.get(place, ()):
            text = header_value(record.headers, SEQUENCE)
            if text is not None:
                highest = max(highest, sequence_from(text))
        offset = await consumer.position(place)
    return highest
