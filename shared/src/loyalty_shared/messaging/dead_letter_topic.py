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
#: The headers that we add must not push a record over its topic's limit: that would hold up every record behind it. The database keeps the whole.
VALUE_ROOM_BYTES: Final = 64 * 1024


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
    value = rejected.value
    size = len(value or b"") + len(rejected.key or b"") + sum(len(name) + len(text) for name, text in kept)
    if size > dead_letter_topic(letter.group).max_message_bytes - VALUE_ROOM_BYTES:
        kept, value = [], None
        origin.append(("dlq-omitted", f"value and headers, {size} bytes: see the dead letter in the service's database".encode()))
    return OutgoingRecord(batch_no=batch_no, partition=0, key=rejected.key, type="", value=value, at=letter.set_aside_at, headers=(*kept, *origin))
