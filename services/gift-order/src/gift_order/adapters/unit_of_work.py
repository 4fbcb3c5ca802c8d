"""One transaction of gift-order, over psycopg2."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

import msgspec
from msgspec import Struct
from psycopg2.extensions import cursor as Cursor
from psycopg2.extras import execute_values

from gift_order.adapters.calls import SqlCalls
from gift_order.adapters.gifts import SqlGifts
from gift_order.adapters.orders import SqlOrders
from gift_order.adapters.wishes import SqlCampaigns, SqlWishes
from gift_order.application.ports import Begin
from loyalty_shared.contracts.gift_order import ORDERS
from loyalty_shared.contracts.topics import GIFT_ORDERS
from loyalty_shared.messaging.partitioning import partition_of
from loyalty_shared.messaging.records import Batch
from loyalty_shared.messaging.taking import take_batch
from loyalty_shared.observability.tracing import current_traceparent
from loyalty_shared.persistence import dead_letters
from loyalty_shared.persistence.connections import Database
from loyalty_shared.persistence.entity_dates import Entity, hold_date
from loyalty_shared.persistence.outgoing import begin_batch
from loyalty_shared.web.idempotency import Answers

_TYPE_OF: Final = {struct: name for name, struct in ORDERS.items()}
_PUBLISH: Final = "insert into fact (batch_no, position, partition, type, key, body, traceparent, happened_at) values %s"


class SqlWork:
    """What a use case works with."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor
        self.answers = Answers(cursor)
        self.calls = SqlCalls(cursor, self.answers)
        self.orders = SqlOrders(cursor)
        self.gifts = SqlGifts(cursor)
        self.campaigns = SqlCampaigns(cursor)
        self.wishes = SqlWishes(cursor)

    def hold_date(self, legal_entity: str) -> Entity:
        """Keep the entity's business date from moving until the transaction ends. Raises UnknownEntity."""
        return hold_date(self._cursor, legal_entity)

    def take_batch(self, batch: Batch[Any], at: datetime) -> None:
        """Move the consumer's place past the batch, and keep the records that could not be read. Raises Fenced when another owner has gone on."""
        take_batch(self._cursor, batch)
        if batch.rejected:
            dead_letters.post(self._cursor, begin_batch(self._cursor, at), batch.group, batch.rejected, at)

    def publish(self, customer: tuple[str, str], facts: Sequence[Struct], at: datetime) -> None:
        """Write the facts of one (legal_entity, customer_no) that the relay publishes. Called after the locks are taken."""
        key = ":".join(customer)
        partition = partition_of(key.encode(), GIFT_ORDERS.partitions)
        batch_no, traceparent = begin_batch(self._cursor, at), current_traceparent()
        rows = [
            (batch_no, position, partition, _TYPE_OF[type(fact)], key, msgspec.json.encode(fact).decode(), traceparent, at)
            for position, fact in enumerate(facts)
        ]
        execute_values(self._cursor, _PUBLISH, rows)


def begin_on(database: Database) -> Begin:
    """Return what opens a transaction: committed at the block's end, rolled back when it raises."""

    @contextmanager
    def begin() -> Iterator[SqlWork]:
        with database.transaction() as cursor:
            yield SqlWork(cursor)

    return begin
