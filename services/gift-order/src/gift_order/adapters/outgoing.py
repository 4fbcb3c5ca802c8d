"""What the relay publishes: the facts that transactions wrote."""

from collections.abc import Iterable, Sequence
from typing import Final

from psycopg2.extensions import cursor as Cursor

from loyalty_shared.contracts.topics import GIFT_ORDERS, Topic
from loyalty_shared.messaging.outgoing import OutgoingRecord

_READ: Final = """
select batch_no, partition, key, type, body, happened_at, traceparent from fact where batch_no = any(%s) order by batch_no, position
"""


class OrdersTopic:
    """The facts of orders and wishes."""

    @property
    def topic(self) -> Topic:
        return GIFT_ORDERS

    def read(self, cursor: Cursor, batches: Sequence[int]) -> Iterable[OutgoingRecord]:
        """Return the records of the given batches, in order of (batch_no, position)."""
        cursor.execute(_READ, (list(batches),))
        return [
            OutgoingRecord(batch_no, partition, key.encode(), kind, body.encode(), at, traceparent)
            for batch_no, partition, key, kind, body, at, traceparent in cursor.fetchall()
        ]
