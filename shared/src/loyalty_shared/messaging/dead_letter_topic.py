"""The dead letters of one consumer group, published to `dlq.<group>`: the record as it came, with the reason and its origin in headers."""

from collections.abc import Iterable, Sequence
from typing import Final

from psycopg2.extensions import cursor as Cursor

from loyalty_shared.contracts.topics import Topic, dead_letter_topic
from loyalty_shared.messaging.headers import SEQUENCE, Header
from loyalty_shared.messaging.outgoing import OutgoingRecord
from loyalty_shared.persistence.dead_letters import DeadLetter, read_batches

#: A record from a topic of ours has a number of its own; the dead-letter topic has others.
ORIGINAL_SEQUENCE: Final = "dlq-sequence"
#: Published whole up to here, by key, value and headers together: one that its topic refused would hold up every record of the service behind it.
#: What came compressed may be far larger than any topic takes. The database keeps the whole.
RECORD_BYTES_MAX: Final = 1024 * 1024
#: Of a larger record, the key and each header go along up to here, as far as they all fit.
KEPT_BYTES_MAX: Final = 4 * 1024
KEPT_HEADERS_MAX: Final = 64
TRUNCATED: Final = "dlq-truncated"
#: Kafka's own lengths around a header.
_HEADER_FRAME_BYTES: Final = 10


class DeadLetterTopic:
    """One group's outgoing topic of dead letters. Those kept for a stopped source wait in the database, and are not published."""

    def __init__(self, group: str) -> None:
        self._group = group
        self._topic = dead_letter_topic(group)

    @property
    def topic(self) -> Topic:
        return self._topic

    def read(self, cursor: Cursor, batches: Sequence[int]) -> Iterable[OutgoingRecord]:
        """Return the letters of the given batches, in order."""
        wanted = frozenset(batches)
        letters = read_batches(cursor, batches[0], batches[-1], self._group)
        return [_record(batch_no, letter) for batch_no, letter in letters if batch_no in wanted]


def _record(batch_no: int, letter: DeadLetter) -> OutgoingRecord:
    rejected = letter.rejected
    kept = [(ORIGINAL_SEQUENCE if name == SEQUENCE else name, value) for name, value in rejected.headers]
    origin: list[Header] = [
        ("dlq-reason", rejected.fault.value.encode()),
        ("dlq-detail", rejected.detail.encode()),
        ("dlq-topic", rejected.topic.encode()),
        ("dlq-partition", str(rejected.partition).encode()),
        ("dlq-offset", str(rejected.offset).encode()),
        ("dlq-letter-id", letter.letter_id.encode()),
    ]
    key, value = rejected.key, rejected.value
    size = len(key or b"") + len(value or b"") + sum(map(_header_bytes, kept))
    if size > RECORD_BYTES_MAX:
        key, value = (key if len(key or b"") <= KEPT_BYTES_MAX else None), None
        kept = [header for header in kept if _header_bytes(header) <= KEPT_BYTES_MAX][:KEPT_HEADERS_MAX]
        origin.append((TRUNCATED, f"{size} bytes came; see the dead letter in the service's database".encode()))
    return OutgoingRecord(batch_no=batch_no, partition=0, key=key, type="", value=value, at=letter.set_aside_at, headers=(*kept, *origin))


def _header_bytes(header: Header) -> int:
    name, text = header
    return len(name.encode()) + len(text) + _HEADER_FRAME_BYTES
