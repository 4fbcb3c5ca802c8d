"""What settlement publishes of its batches: written in the transaction of each step, read by the relay."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

import msgspec
from psycopg2.extensions import cursor as Cursor

from loyalty_shared.contracts.settlement import BATCHES, BatchMadeV1, BatchReleasedV1, BatchReviewedV1
from loyalty_shared.contracts.topics import SETTLEMENT_BATCHES, Topic
from loyalty_shared.messaging.outgoing import OutgoingRecord
from loyalty_shared.observability.tracing import current_traceparent
from loyalty_shared.persistence.outgoing import begin_batch
from settlement.domain.batches import Batch, Status

_STRUCTS: Final = {Status.MADE: BatchMadeV1, Status.REVIEWED: BatchReviewedV1, Status.RELEASED: BatchReleasedV1}
_TYPE_OF: Final = {struct: name for name, struct in BATCHES.items()}
_POST: Final = "insert into announcement (batch_no, position, type, key, body, traceparent, announced_at) values (%s, %s, %s, %s, %s, %s, %s)"
_READ: Final = """
select batch_no, key, type, body, announced_at, traceparent from announcement where batch_no = any(%s) order by batch_no, position
"""


class SqlAnnouncements:
    """What one transaction announces."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor
        self._batch_no: int | None = None
        self._position = 0

    def post(self, batch: Batch, at: datetime) -> None:
        """Announce what a batch has become."""
        if self._batch_no is None:
            self._batch_no = begin_batch(self._cursor, at)
        struct = _STRUCTS[batch.status]
        event = struct(
            legal_entity=batch.legal_entity,
            batch_id=batch.batch_id,
            party=batch.party,
            business_on=batch.business_on,
            lines=batch.lines,
            points=batch.points,
            amount_minor=batch.amount_minor,
            currency=batch.cost.currency,
            status=batch.status.value,
        )
        key = f"{batch.legal_entity}:{batch.party}"
        self._cursor.execute(_POST, (self._batch_no, self._position, _TYPE_OF[struct], key, msgspec.json.encode(event).decode(), current_traceparent(), at))
        self._position += 1


class BatchesTopic:
    """The relay's view of the announcements: all on one partition, so that a batch's steps come in order."""

    @property
    def topic(self) -> Topic:
        return SETTLEMENT_BATCHES

    def read(self, cursor: Cursor, batches: Sequence[int]) -> Iterable[OutgoingRecord]:
        """Return the records of the given batches, in order of (batch_no, position)."""
        cursor.execute(_READ, (list(batches),))
        return [OutgoingRecord(batch_no, 0, key.encode(), kind, body.encode(), at, trace) for batch_no, key, kind, body, at, trace in cursor.fetchall()]
