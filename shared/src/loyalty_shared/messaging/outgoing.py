"""What the relay publishes, as a service's adapters hand it over: rows of committed batches, turned into records."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol

from msgspec import Struct
from psycopg2.extensions import cursor as Cursor

from loyalty_shared.contracts.topics import Topic
from loyalty_shared.messaging.headers import Header


class OutgoingRecord(Struct, gc=False, frozen=True):
    """One record to publish. `at` is aware and the same for all of a batch; `headers`, when given, stand instead of the CloudEvents ones."""

    batch_no: int
    partition: int
    key: bytes | None
    type: str
    value: bytes | None
    at: datetime
    traceparent: str | None = None
    headers: tuple[Header, ...] | None = None


class OutgoingTopic(Protocol):
    """One topic that a service writes: reads its own rows and builds the bodies, the same for the same rows at any time."""

    @property
    def topic(self) -> Topic: ...

    def read(self, cursor: Cursor, batches: Sequence[int]) -> Iterable[OutgoingRecord]:
        """Return the records of the given batch numbers (ascending), in order of (batch_no, position)."""
        ...
