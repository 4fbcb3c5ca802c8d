"""What limits have counted: rows per customer and month, locked in key order."""

from collections.abc import Collection
from typing import Final

import msgspec
from psycopg2.extensions import cursor as Cursor

from accrual.adapters.arrays import text_array
from accrual.application.facts import UsageBook

_WANTED: Final = "unnest(%s::text[], %s::text[], %s::text[]) as wanted (legal_entity, customer_no, month)"
#: Missing rows are made in key order before any is locked in key order: two batches with the same customers wait for each other, never in a circle.
_MAKE: Final = f"""
insert into usage (legal_entity, customer_no, month, counters) select legal_entity, customer_no, month, '{{}}' from {_WANTED}
order by legal_entity, customer_no, month on conflict do nothing
"""
_LOCK: Final = f"""
select legal_entity, customer_no, month, counters from usage join {_WANTED} using (legal_entity, customer_no, month)
order by legal_entity, customer_no, month for update of usage
"""
_FIND: Final = "select legal_entity, customer_no, month, counters from usage where legal_entity = %s and customer_no = %s and month = any(%s)"
_SAVE: Final = """
update usage set counters = saved.counters from unnest(%s::text[], %s::text[], %s::text[], %s::text[]) as saved (legal_entity, customer_no, month, counters)
where usage.legal_entity = saved.legal_entity and usage.customer_no = saved.customer_no and usage.month = saved.month
"""
_decode: Final = msgspec.json.Decoder(dict[str, int]).decode
_encode: Final = msgspec.json.Encoder().encode


class SqlUsageRows:
    """The usage rows, over one transaction's cursor."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def hold(self, wanted: Collection[tuple[str, str, str]]) -> UsageBook:
        if not wanted:
            return UsageBook(())
        arrays = [text_array(column) for column in zip(*wanted, strict=True)]
        self._cursor.execute(_MAKE, arrays)
        self._cursor.execute(_LOCK, arrays)
        return self._book()

    def find(self, legal_entity: str, customer_no: str, months: Collection[str]) -> UsageBook:
        self._cursor.execute(_FIND, (legal_entity, customer_no, list(months)))
        return self._book()

    def _book(self) -> UsageBook:
        return UsageBook((legal_entity, customer_no, month, _decode(counters)) for legal_entity, customer_no, month, counters in self._cursor.fetchall())

    def post(self, book: UsageBook) -> None:
        changed = book.changed()
        if not changed:
            return
        entities, customers, months, counters = zip(*changed, strict=True)
        self._cursor.execute(
            _SAVE, (text_array(entities), text_array(customers), text_array(months), text_array(_encode(counted).decode() for counted in counters))
        )
