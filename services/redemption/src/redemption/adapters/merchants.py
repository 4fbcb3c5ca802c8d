"""Merchants' statuses over psycopg2."""

from collections.abc import Sequence
from typing import Any, Final

from psycopg2.extensions import cursor as Cursor
from psycopg2.extras import execute_values

from loyalty_shared.contracts.merchant import MerchantChangedV1
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.messaging.records import Batch
from loyalty_shared.messaging.taking import take_batch
from loyalty_shared.persistence import dead_letters
from loyalty_shared.persistence.dead_letters import Rejected
from loyalty_shared.persistence.outgoing import begin_batch

_RECORD: Final = """
insert into merchant (legal_entity, merchant_no, status, version, changed_at) values %s
on conflict (legal_entity, merchant_no) do update set status = excluded.status, version = excluded.version, changed_at = excluded.changed_at
where (merchant.changed_at, merchant.version) < (excluded.changed_at, excluded.version)
"""
_FIND: Final = "select status from merchant where legal_entity = %s and merchant_no = %s"
_ROWS_PER_STATEMENT: Final = 1_000


class SqlMerchants:
    """What is known of merchants, for online calls."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def find_status(self, legal_entity: str, merchant_no: str) -> str | None:
        """Return a merchant's status; None for one that was never announced."""
        self._cursor.execute(_FIND, (legal_entity, merchant_no))
        row = self._cursor.fetchone()
        return row[0] if row else None


class SqlMerchantsWork:
    """One transaction on what is known of merchants."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def advance(self, batch: Batch[Any]) -> None:
        """Move the consumer's place past the batch. Raises Fenced when another owner has gone on."""
        take_batch(self._cursor, batch)

    def record(self, merchants: Sequence[MerchantChangedV1]) -> None:
        """Keep the status of each merchant whose stored one is older; one change for each merchant, in key order."""
        rows = [(each.legal_entity, each.merchant_no, each.status, each.version, each.changed_at) for each in merchants]
        if rows:
            execute_values(self._cursor, _RECORD, rows, page_size=_ROWS_PER_STATEMENT)

    def set_aside(self, batch: Batch[Any], rejected: Sequence[Rejected], clock: Clock) -> None:
        """Keep the records that could not be read."""
        at = clock.now()
        dead_letters.post(self._cursor, begin_batch(self._cursor, at), batch.group, rejected, at)
