"""The catalogue and its stock over one transaction's cursor. The row's lock is what racing orders wait for; the constraint is what none can get past."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, Final

import msgspec
from psycopg2.extensions import cursor as Cursor

from gift_order.domain.gifts import Gift, GiftKind, Shelf
from gift_order.domain.orders import Order

_NAMES: Final = tuple(field.name for field in fields(Gift))
_COLUMNS: Final = ", ".join("names::text" if name == "names" else name for name in _NAMES)
_ADD: Final = f"insert into gift ({', '.join(_NAMES)}) values ({', '.join(['%s'] * len(_NAMES))}) on conflict do nothing"
_FIND: Final = f"select {_COLUMNS} from gift where legal_entity = %s and gift_code = %s"
_LIST: Final = f"""
select {_COLUMNS} from gift where legal_entity = %(legal_entity)s and (%(after)s::text is null or gift_code > %(after)s) order by gift_code limit %(limit)s
"""
_SET_SHELF: Final = "update gift set status = %s where legal_entity = %s and gift_code = %s"
_CHANGE_STOCK: Final = (
    "update gift set stock = stock + %(change)s where legal_entity = %(legal_entity)s and gift_code = %(gift_code)s and stock + %(change)s >= 0"
)
_NOTE: Final = (
    "insert into stock_movement (legal_entity, gift_code, kind, pieces, change, order_id, moved_by, moved_at) values (%s, %s, %s, %s, %s, %s, %s, %s)"
)


class SqlGifts:
    """The gifts."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def add(self, gift: Gift, by: str, at: datetime) -> bool:
        """Write a new gift with its first stock; False when there is one of that code."""
        self._cursor.execute(_ADD, [_stored(gift, name) for name in _NAMES])
        if self._cursor.rowcount == 0:
            return False
        if gift.stock:
            self._note(gift.legal_entity, gift.gift_code, "in", gift.stock, gift.stock, at, by=by)
        return True

    def find(self, legal_entity: str, gift_code: str) -> Gift | None:
        """Return a gift, for reading."""
        self._cursor.execute(_FIND, (legal_entity, gift_code))
        row = self._cursor.fetchone()
        return _gift(row) if row else None

    def list(self, legal_entity: str, after: str | None, limit: int) -> list[Gift]:
        """Return gifts by code."""
        self._cursor.execute(_LIST, {"legal_entity": legal_entity, "after": after, "limit": limit})
        return [_gift(row) for row in self._cursor.fetchall()]

    def set_shelf(self, legal_entity: str, gift_code: str, status: Shelf) -> None:
        """Put a gift on the shelf or take it off."""
        self._cursor.execute(_SET_SHELF, (status.value, legal_entity, gift_code))

    def move_stock(self, legal_entity: str, gift_code: str, pieces: int, by: str, at: datetime) -> bool:
        """Add pieces, or take them away (negative); False when there are not as many."""
        if not self._change(legal_entity, gift_code, pieces):
            return False
        self._note(legal_entity, gift_code, "in" if pieces > 0 else "removed", abs(pieces), pieces, at, by=by)
        return True

    def take(self, order: Order, at: datetime) -> bool:
        """Take the order's pieces from the stock; False when there are not as many."""
        if not self._change(order.legal_entity, order.gift_code, -order.quantity):
            return False
        self._note_order(order, "reserved", -order.quantity, at)
        return True

    def put_back(self, order: Order, at: datetime) -> None:
        """Put the order's pieces back into the stock."""
        self._change(order.legal_entity, order.gift_code, order.quantity)
        self._note_order(order, "returned", order.quantity, at)

    def note_shipped(self, order: Order, at: datetime) -> None:
        """Write down that the order's pieces have left."""
        self._note_order(order, "out", 0, at)

    def _change(self, legal_entity: str, gift_code: str, change: int) -> bool:
        self._cursor.execute(_CHANGE_STOCK, {"legal_entity": legal_entity, "gift_code": gift_code, "change": change})
        return self._cursor.rowcount == 1

    def _note_order(self, order: Order, kind: str, change: int, at: datetime) -> None:
        self._note(order.legal_entity, order.gift_code, kind, order.quantity, change, at, order_id=order.order_id)

    def _note(
        self, legal_entity: str, gift_code: str, kind: str, pieces: int, change: int, at: datetime, *, order_id: str | None = None, by: str | None = None
    ) -> None:
        self._cursor.execute(_NOTE, (legal_entity, gift_code, kind, pieces, change, order_id, by, at))


def _stored(gift: Gift, name: str) -> Any:
    value = getattr(gift, name)
    if name == "names":
        return msgspec.json.encode(value).decode()
    return value.value if isinstance(value, GiftKind | Shelf) else value


def _gift(row: Sequence[Any]) -> Gift:
    found = dict(zip(_NAMES, row, strict=True))
    found.update(names=msgspec.json.decode(found["names"]), kind=GiftKind(found["kind"]), status=Shelf(found["status"]))
    return Gift(**found)
