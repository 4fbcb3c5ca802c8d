"""What limits have counted: rows per customer and month.

Who holds rows and who only writes them take them alike: first all that are missing, in key order, then all that are there, in key order. A missing row
that another is making is waited for, one that is there only by those past their missing ones, so that nobody waits in a circle.
"""

from collections.abc import Collection
from typing import Final

import msgspec
from psycopg2.extensions import cursor as Cursor

from accrual.adapters.merges import find_merged
from accrual.application.facts import UsageBook, UsageChanged, UsageKey
from accrual.application.merged_usage import Merged, MergedUsageBook
from loyalty_shared.persistence.arrays import number_array, text_array

_WANTED: Final = "unnest(%s::text[], %s::text[], %s::text[]) as wanted (legal_entity, customer_no, month)"
_READ: Final = f"select legal_entity, customer_no, month, version, counters from usage join {_WANTED} using (legal_entity, customer_no, month)"
_MAKE: Final = f"""
insert into usage (legal_entity, customer_no, month, version, counters) select legal_entity, customer_no, month, 1, '{{}}' from {_WANTED}
order by legal_entity, customer_no, month on conflict do nothing
"""
_LOCK: Final = f"{_READ} order by legal_entity, customer_no, month for update of usage"

_SAVED: Final = "unnest(%s::text[], %s::text[], %s::text[], %s::int[], %s::text[]) as saved (legal_entity, customer_no, month, version, counters)"
_ADD: Final = f"""
insert into usage (legal_entity, customer_no, month, version, counters) select legal_entity, customer_no, month, version + 1, counters from {_SAVED}
order by legal_entity, customer_no, month on conflict do nothing
"""
#: An update alone would take the rows in the order of its plan.
_CHANGE: Final = f"""
update usage set counters = held.counters, version = version + 1 from (
    select usage.ctid as place, saved.counters from usage join {_SAVED} using (legal_entity, customer_no, month, version)
    order by legal_entity, customer_no, month for update of usage) as held
where usage.ctid = held.place
"""
_decode: Final = msgspec.json.Decoder(dict[str, int]).decode
_encode: Final = msgspec.json.Encoder().encode


class SqlUsageRows:
    """The usage rows, over one transaction's cursor."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def read(self, wanted: Collection[UsageKey]) -> UsageBook:
        if not wanted:
            return UsageBook((), ())
        if merged := self._find_merged(wanted):
            return self._hold_merged(wanted, merged)  # what is written is one number's rows, and only those would be compared
        self._cursor.execute(_READ, _arrays(wanted))
        return self._book(wanted)

    def hold(self, wanted: Collection[UsageKey]) -> UsageBook:
        if not wanted:
            return UsageBook((), ())
        if merged := self._find_merged(wanted):
            return self._hold_merged(wanted, merged)
        self._lock(wanted)
        return self._book(wanted)

    def _find_merged(self, wanted: Collection[UsageKey]) -> Merged:
        return find_merged(self._cursor, {(legal_entity, customer_no) for legal_entity, customer_no, _ in wanted})

    def _hold_merged(self, wanted: Collection[UsageKey], merged: Merged) -> UsageBook:
        """Hold the rows of all numbers of each customer; the one that is asked about is told them all."""
        whole = {(*number, month) for *customer, month in wanted for number in merged.get((customer[0], customer[1]), ((customer[0], customer[1]),))}
        self._lock(whole)
        return MergedUsageBook(whole, self._rows(), merged)

    def _lock(self, wanted: Collection[UsageKey]) -> None:
        arrays = _arrays(wanted)
        self._cursor.execute(_MAKE, arrays)
        self._cursor.execute(_LOCK, arrays)

    def _book(self, wanted: Collection[UsageKey]) -> UsageBook:
        return UsageBook(wanted, self._rows())

    def _rows(self) -> list[tuple[str, str, str, int, dict[str, int]]]:
        return [(entity, customer_no, month, version, _decode(counters)) for entity, customer_no, month, version, counters in self._cursor.fetchall()]

    def post(self, book: UsageBook) -> None:
        changed = book.changed()
        self._write(_ADD, [row for row in changed if not row[1]])
        self._write(_CHANGE, [row for row in changed if row[1]])

    def _write(self, statement: str, rows: Collection[tuple[UsageKey, int, dict[str, int]]]) -> None:
        if not rows:
            return
        keys, versions, counters = zip(*rows, strict=True)
        self._cursor.execute(statement, (*_arrays(keys), number_array(versions), text_array(_encode(counted).decode() for counted in counters)))
        if self._cursor.rowcount != len(rows):
            raise UsageChanged(f"{len(rows) - self._cursor.rowcount} of {len(rows)} usage rows")


def _arrays(keys: Collection[UsageKey]) -> tuple[str, ...]:
    return tuple(text_array(column) for column in zip(*keys, strict=True))
