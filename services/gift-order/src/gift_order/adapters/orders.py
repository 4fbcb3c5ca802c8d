"""Orders over one transaction's cursor."""

import hashlib
from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, Final

import msgspec
from psycopg2.extensions import cursor as Cursor

from gift_order.domain.orders import Order, Status
from gift_order.domain.refusals import Refusal

_NAMES: Final = tuple(field.name for field in fields(Order))
_COLUMNS: Final = ", ".join("delivery::text" if name == "delivery" else name for name in _NAMES)
_FIND: Final = f"select {_COLUMNS} from customer_order where legal_entity = %s and order_id = %s"
_ADD: Final = f"insert into customer_order ({', '.join(_NAMES)}) values ({', '.join(['%s'] * len(_NAMES))})"
#: What a step may change; the rest is as it was placed.
_CHANGING: Final = (
    "status", "changed_at", "version", "attend_at", "tries", "reason", "reservation_id", "redemption_id", "pay_by", "payment_no", "paid_minor",
)  # fmt: skip
_SAVE: Final = f"update customer_order set {', '.join(f'{name} = %s' for name in _CHANGING)} where legal_entity = %s and order_id = %s"
_POSTPONE: Final = "update customer_order set attend_at = %s, tries = tries + 1 where legal_entity = %s and order_id = %s and version = %s"
#: Only the row's lock tells sweepers apart; who finds it locked leaves it to the other.
_CLAIM_DUE: Final = """
with due as (
    select legal_entity, order_id, attend_at from customer_order where attend_at <= %s order by attend_at limit %s for update skip locked
), claimed as (
    update customer_order as mine set attend_at = %s from due where mine.legal_entity = due.legal_entity and mine.order_id = due.order_id
    returning mine.legal_entity, mine.order_id, due.attend_at as due_at
)
select legal_entity, order_id from claimed order by due_at
"""
_LIST: Final = f"""
select {_COLUMNS} from customer_order
where legal_entity = %(legal_entity)s and (%(customer_no)s::text is null or customer_no = %(customer_no)s)
  and (%(before)s::text is null or order_id < %(before)s)
order by order_id desc limit %(limit)s
"""
_COUNT_PIECES: Final = """
select coalesce(sum(quantity), 0)::bigint from customer_order
where legal_entity = %s and customer_no = %s and gift_code = %s and status not in %s
"""
_WITHOUT_PIECES: Final = tuple(
    status.value for status in (Status.FAILING, Status.FAILED, Status.CANCELLING, Status.CANCELLED, Status.RETURNING, Status.RETURNED, Status.CASH_REFUND_DUE)
)


class SqlOrders:
    """The orders."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def add(self, order: Order) -> None:
        """Write a new order."""
        self._cursor.execute(_ADD, [_stored(order, name) for name in _NAMES])

    def find(self, legal_entity: str, order_id: str) -> Order | None:
        """Return an order, for reading."""
        self._cursor.execute(_FIND, (legal_entity, order_id))
        row = self._cursor.fetchone()
        return _order(row) if row else None

    def find_for_update(self, legal_entity: str, order_id: str) -> Order | None:
        """Return an order, locked."""
        self._cursor.execute(f"{_FIND} for update", (legal_entity, order_id))
        row = self._cursor.fetchone()
        return _order(row) if row else None

    def save(self, order: Order) -> None:
        """Write what has become of a locked order."""
        self._cursor.execute(_SAVE, [*(_stored(order, name) for name in _CHANGING), order.legal_entity, order.order_id])

    def postpone(self, order: Order, until: datetime) -> None:
        """Have the order looked at later, one vain try more; nothing when it has changed meanwhile."""
        self._cursor.execute(_POSTPONE, (until, order.legal_entity, order.order_id, order.version))

    def claim_due(self, now: datetime, until: datetime, orders_max: int) -> list[tuple[str, str]]:
        """Return (legal_entity, order_id) of orders whose time has come, and keep them from other sweepers until then."""
        self._cursor.execute(_CLAIM_DUE, (now, orders_max, until))
        return self._cursor.fetchall()

    def list(self, legal_entity: str, customer_no: str | None, before: str | None, limit: int) -> list[Order]:
        """Return orders, newest first."""
        self._cursor.execute(_LIST, {"legal_entity": legal_entity, "customer_no": customer_no, "before": before, "limit": limit})
        return [_order(row) for row in self._cursor.fetchall()]

    def count_pieces(self, legal_entity: str, gift_code: str, customer_no: str) -> int:
        """Return how many pieces of a gift the customer's orders have or ask for; no other order of that customer for it is placed until the end."""
        scope = "\x00".join((legal_entity, gift_code, customer_no)).encode()
        self._cursor.execute("select pg_advisory_xact_lock(%s)", (int.from_bytes(hashlib.blake2b(scope, digest_size=8).digest(), "big", signed=True),))
        self._cursor.execute(_COUNT_PIECES, (legal_entity, customer_no, gift_code, _WITHOUT_PIECES))
        row = self._cursor.fetchone()
        assert row is not None
        pieces: int = row[0]
        return pieces


def _stored(order: Order, name: str) -> Any:
    value = getattr(order, name)
    if name == "delivery" and value is not None:
        return msgspec.json.encode(value).decode()
    return value.value if isinstance(value, Status | Refusal) else value


def _order(row: Sequence[Any]) -> Order:
    found = dict(zip(_NAMES, row, strict=True))
    found["status"] = Status(found["status"])
    found["reason"] = Refusal(found["reason"]) if found["reason"] else None
    found["delivery"] = msgspec.json.decode(found["delivery"]) if found["delivery"] else None
    return Order(**found)
