"""From rows to Kafka: numbers, headers, chunks, and the promise that a partition never has a record without all those before it."""

import hashlib
from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from aiokafka import AIOKafkaProducer

from loyalty_shared.messaging import headers as names
from loyalty_shared.messaging.headers import Header
from loyalty_shared.messaging.outgoing import OutgoingRecord
from loyalty_shared.messaging.relay_rows import Lease, Published

CHUNK_BYTES_MAX: Final = 1 << 20
#: Above the largest record that a topic of ours takes (`Topic.max_message_bytes`), so that Kafka, not the producer, draws the line.
REQUEST_BYTES_MAX: Final = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunks:
    """One partition's part of a window, ready to send in order. `published` is true of it once all chunks are acknowledged."""

    lease: Lease
    chunks: Sequence[Any]  # aiokafka's BatchBuilder
    records: int
    published: Published


class Numbering:
    """Turns a service's records into numbered ones; keeps what is the same for many records encoded."""

    def __init__(self, source: str) -> None:
        self._source: Header = (names.SOURCE, source.encode())
        self._types: dict[str, Header] = {}
        self._at: datetime | None = None
        self._time: Header = (names.TIME, b"")

    def chunks(self, producer: AIOKafkaProducer, lease: Lease, records: Sequence[OutgoingRecord], *, already: int, marked: Set[int]) -> Chunks:
        """Return a window's records for one partition, numbered from the lease's next number on; those up to number `already` are in Kafka and are left out.

        `marked`: the numbers of the batches whose records say that readers must compare them by cause.
        Call in a thread: it takes some microseconds per record.
        """
        sealed = hashlib.sha256(lease.chain)
        prefix = f"{lease.topic}/{lease.partition}/".encode()
        chunks: list[Any] = []
        chunk: Any = None
        sent = 0
        for number, record in enumerate(records, lease.next_number):
            if record.value is not None:
                sealed.update(record.value)
            if number <= already:
                continue
            sequence = names.sequence_text(lease.epoch, number)
            headers = self._headers(record, prefix + sequence, sequence)
            if record.batch_no in marked:
                headers.append(names.STILL_RECOVERING)
            if chunk is None or chunk.append(key=record.key, value=record.value, timestamp=None, headers=headers) is None:
                chunk = producer.create_batch()
                chunks.append(chunk)
                if chunk.append(key=record.key, value=record.value, timestamp=None, headers=headers) is None:
                    raise ValueError(f"a record of {lease.topic} does not fit into {CHUNK_BYTES_MAX} bytes")
            sent += 1
        last_number = lease.next_number + len(records) - 1
        return Chunks(lease=lease, chunks=chunks, records=sent, published=Published(lease=lease, last_number=last_number, chain=sealed.digest()))

    def _headers(self, record: OutgoingRecord, event_id: bytes, sequence: bytes) -> list[Header]:
        if record.headers is not None:
            return [*record.headers, (names.SEQUENCE, sequence)]
        if record.at is not self._at:
            self._at, self._time = record.at, (names.TIME, record.at.isoformat().encode())
        type_header = self._types.get(record.type)
        if type_header is None:
            type_header = self._types[record.type] = (names.TYPE, record.type.encode())
        headers = [
            names.SPECVERSION_1_0,
            (names.ID, event_id),
            self._source,
            type_header,
            self._time,
            names.JSON_CONTENT,
            (names.SEQUENCE, sequence),
        ]
        if record.traceparent is not None:
            headers.append((names.TRACEPARENT, record.traceparent.encode()))
        return headers


async def send_in_order(producer: AIOKafkaProducer, part: Chunks) -> None:
    """Send a partition's chunks, each when the one before it is acknowledged. Raises aiokafka's KafkaError.

    One at a time: if one is given up, none after it can have arrived, so that readers never meet a gap.
    """
    for chunk in part.chunks:
        acknowledged = await producer.send_batch(chunk, part.lease.topic, partition=part.lease.partition)
        await acknowledged
