"""Customers' statuses and institutions over psycopg2."""

from collections.abc import Sequence
from typing import Any, Final

from psycopg2.extensions import cursor as Cursor
from psycopg2.extras import execute_values

from loyalty_shared.contracts.core import CustomerChangedV1
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.messaging.records import Batch
from loyalty_shared.messaging.taking import take_batch
from loyalty_shared.persistence import dead_letters
from loyalty_shared.persistence.dead_letters import Rejected
from loyalty_shared.persistence.outgoing import begin_batch

_RECORD: Final = """
insert into customer (legal_entity, customer_no, status, changed_at, home_institution, level, tags) values %s
on conflict (legal_entity, customer_no) do update set status = excluded.status, changed_at = excluded.changed_at,
    home_institution = excluded.home_institution, level = excluded.level, tags = excluded.tags
where customer.changed_at < excluded.changed_at
"""
_INSTITUTION: Final = "select home_institution from customer where legal_entity = %s and customer_no = %s"
_ROWS_PER_STATEMENT: Final = 1_000


class SqlCustomersWork:
    """One transaction on what is known of customers."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def advance(self, batch: Batch[Any]) -> None:
        """Move the consumer's place past the batch. Raises Fenced when another owner has gone on."""
        take_batch(self._cursor, batch)

    def record(self, customers: Sequence[CustomerChangedV1]) -> None:
        """Keep the status, institution, level and tags of each customer whose stored one is older; one change for each customer, in key order."""
        rows = [(each.legal_entity, each.customer_no, each.status, each.changed_at, each.institution, each.level, list(each.tags)) for each in customers]
        if rows:
            execute_values(self._cursor, _RECORD, rows, page_size=_ROWS_PER_STATEMENT)

    def set_aside(self, batch: Batch[Any], rejected: Sequence[Rejected], clock: Clock) -> None:
        """Keep the records that could not be read."""
        at = clock.now()
        dead_letters.post(self._cursor, begin_batch(self._cursor, at), batch.group, rejected, at)


def find_institution(cursor: Cursor, legal_entity: str, customer_no: str) -> str | None:
    """Return the customer's institution; None for one never announced, or announced without."""
    cursor.execute(_INSTITUTION, (legal_entity, customer_no))
    row = cursor.fetchone()
    return row[0] if row else None
