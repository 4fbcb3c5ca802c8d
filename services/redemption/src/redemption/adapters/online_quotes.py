"""Quotes over one transaction's cursor."""

from datetime import datetime
from typing import Final

import msgspec
from psycopg2.extensions import cursor as Cursor

from redemption.domain.applications import Rate
from redemption.domain.quoting import Quote

_COLUMNS: Final = "quote_id, customer_no, application, points, amount_minor, cash_minor, rate::text, step_up, expires_at, used_by"
_FIND: Final = f"select {_COLUMNS} from quote where legal_entity = %s and quote_id = %s"
_ADD: Final = """
insert into quote (legal_entity, quote_id, customer_no, application, channel, points, amount_minor, cash_minor, rate, step_up, quoted_at, expires_at)
values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_USE: Final = "update quote set used_by = %s where legal_entity = %s and quote_id = %s"


class SqlQuotes:
    """Points and cash that were offered."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def find(self, legal_entity: str, quote_id: str) -> Quote | None:
        """Return a quote; None: there is none of that id."""
        self._cursor.execute(_FIND, (legal_entity, quote_id))
        row = self._cursor.fetchone()
        if row is None:
            return None
        known_id, customer_no, application, points, amount_minor, cash_minor, rate, step_up, expires_at, used_by = row
        return Quote(
            quote_id=known_id,
            customer_no=customer_no,
            application=application,
            points=points,
            amount_minor=amount_minor,
            cash_minor=cash_minor,
            rate=msgspec.json.decode(rate, type=Rate),
            step_up=step_up,
            expires_at=expires_at,
            used_by=used_by,
        )

    def add(self, legal_entity: str, quote: Quote, channel: str, at: datetime) -> None:
        """Write a quote."""
        offered = (quote.points, quote.amount_minor, quote.cash_minor, msgspec.json.encode(quote.rate).decode(), quote.step_up)
        self._cursor.execute(_ADD, (legal_entity, quote.quote_id, quote.customer_no, quote.application, channel, *offered, at, quote.expires_at))

    def use(self, legal_entity: str, quote_id: str, used_by: str) -> None:
        """Write what was made at a quote, under its customer's lock."""
        self._cursor.execute(_USE, (used_by, legal_entity, quote_id))
