"""Transfers over one transaction's cursor."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Final

from psycopg2.extensions import cursor as Cursor

from redemption.adapters.online_lots import held_from, held_json
from redemption.adapters.parameters import find_parameter
from redemption.domain.transferring import TRANSFER_LIMITS, TRANSFERS_ALLOWED, Transfer, TransferRules, TransferStatus, transfer_rules

_SENT: Final = """
select coalesce(sum(points), 0)::bigint from transfer
where legal_entity = %s and from_customer_no = any(%s) and business_on = %s and status = 'transferred'
"""
_GET: Final = """
select transfer_id, from_customer_no, to_customer_no, points, lots::text, business_on, status from transfer where legal_entity = %s and transfer_id = %s
"""
_ADD: Final = """
insert into transfer (legal_entity, transfer_id, from_customer_no, to_customer_no, points, lots, channel, status, business_on, transferred_at)
values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_MARK_REVERSED: Final = "update transfer set status = 'reversed' where legal_entity = %s and transfer_id = %s"


class SqlTransfers:
    """Points given by one customer to another."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def find_rules(self, legal_entity: str, on: date) -> TransferRules:
        """Return what the console's parameters say of transfers on a business date."""
        allowed, limits = (find_parameter(self._cursor, legal_entity, name, on) for name in (TRANSFERS_ALLOWED, TRANSFER_LIMITS))
        return transfer_rules(allowed, limits)

    def sent_on(self, legal_entity: str, customer_nos: Collection[str], on: date) -> int:
        """Return the points that a locked account has transferred on a business date, by any of its numbers, less what was reversed."""
        self._cursor.execute(_SENT, (legal_entity, list(customer_nos), on))
        row = self._cursor.fetchone()
        assert row is not None
        return int(row[0])

    def get(self, legal_entity: str, transfer_id: str) -> Transfer:
        """Return a transfer."""
        self._cursor.execute(_GET, (legal_entity, transfer_id))
        row = self._cursor.fetchone()
        assert row is not None, "what a kept answer names is in the database"
        known_id, from_customer_no, to_customer_no, points, lots, business_on, status = row
        return Transfer(
            transfer_id=known_id,
            from_customer_no=from_customer_no,
            to_customer_no=to_customer_no,
            points=points,
            lots=held_from(lots),
            business_on=business_on,
            status=TransferStatus(status),
        )

    def add(self, legal_entity: str, transfer: Transfer, channel: str, at: datetime) -> None:
        """Write a transfer."""
        numbers = (transfer.from_customer_no, transfer.to_customer_no, transfer.points)
        values = (transfer.transfer_id, *numbers, held_json(transfer.lots), channel, transfer.status.value, transfer.business_on, at)
        self._cursor.execute(_ADD, (legal_entity, *values))

    def mark_reversed(self, legal_entity: str, transfer_id: str) -> None:
        """Write that a transfer was reversed."""
        self._cursor.execute(_MARK_REVERSED, (legal_entity, transfer_id))
