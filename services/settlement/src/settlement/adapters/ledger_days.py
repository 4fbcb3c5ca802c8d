"""Settlement's view of the ledger on the reading side, a date at a time."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

import msgspec
from psycopg2.extensions import cursor as Cursor

from loyalty_shared.contracts.topics import REDEMPTION_LEDGER
from settlement.domain.batches import Movements, Spend
from settlement.domain.cost import COST_DEFAULT, CostPerPoint
from settlement.domain.reconciliation import Closed

# For share: a rebuild takes these rows away, and waits until whoever works with the date has finished.
_DAY: Final = """
select entries, closed_entries, closed_points::text from ledger_day where legal_entity = %s and business_on = %s order by partition for share
"""
#: In each partition records come in order: where a later date is closed, an earlier one of which nothing came had nothing.
_PASSED_BY: Final = """
select count(distinct partition) from ledger_day where legal_entity = %s and business_on > %s and closed_entries is not null
"""
_SPENDS: Final = """
select entry_id, customer_no, kind, points, point_type, application, channel, cause_kind, cause_no, posted_at, paid::text
from ledger_spend where legal_entity = %s and business_on = %s order by posted_at, customer_no, entry_id, spend_no
"""
_POINTS: Final = "select kind, funding, sum(points)::bigint from ledger_points where legal_entity = %s and business_on = %s group by kind, funding"
_CLOSED: Final = """
select business_on from ledger_day where legal_entity = %s and closed_entries is not null and (%s::date is null or business_on < %s)
group by business_on having count(*) >= %s order by business_on desc limit %s
"""
_PARTIES: Final = "select party from party where legal_entity = %s and party > %s order by party limit %s"
_IS_PARTY: Final = "select 1 from party where legal_entity = %s and party = %s"
_COST: Final = "select minor, currency from cost_per_point where legal_entity = %s and effective_on <= %s order by effective_on desc limit 1"

PAID: Final = msgspec.json.Decoder(tuple[tuple[str, int], ...])
_POINTS_BY_KIND: Final = msgspec.json.Decoder(dict[str, int])


class SqlLedgerDays:
    """The view of the ledger, over one transaction's cursor."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def find_closed(self, legal_entity: str, business_on: date) -> Closed | None:
        """Return what a date was closed with, None until the close has come on every partition; kept from being rebuilt until the transaction ends.

        A date that the business date passed over was closed with nothing.
        """
        self._cursor.execute(_DAY, (legal_entity, business_on))
        rows = self._cursor.fetchall()
        if not rows and self._is_passed_by(legal_entity, business_on):
            return Closed(entries=0, points_by_kind={}, entries_here=0)
        if sum(closed is not None for _, closed, _ in rows) < REDEMPTION_LEDGER.partitions:
            return None
        points: dict[str, int] = {}
        for _, _, by_kind in rows:
            for kind, part in _POINTS_BY_KIND.decode(by_kind).items():
                points[kind] = points.get(kind, 0) + part
        return Closed(entries=sum(row[1] for row in rows), points_by_kind=points, entries_here=sum(row[0] for row in rows))

    def _is_passed_by(self, legal_entity: str, business_on: date) -> bool:
        self._cursor.execute(_PASSED_BY, (legal_entity, business_on))
        row = self._cursor.fetchone()
        return row is not None and row[0] >= REDEMPTION_LEDGER.partitions

    def load(self, legal_entity: str, business_on: date) -> Movements:
        """Return all that moved on a date, spends in the order they were posted."""
        self._cursor.execute(_SPENDS, (legal_entity, business_on))
        spends = [spend_from(row) for row in self._cursor.fetchall()]
        self._cursor.execute(_POINTS, (legal_entity, business_on))
        return Movements(spends=spends, points={(kind, funding): points for kind, funding, points in self._cursor.fetchall()})

    def is_party(self, legal_entity: str, party: str) -> bool:
        """Tell whether points of the party, or used in it, were ever posted."""
        self._cursor.execute(_IS_PARTY, (legal_entity, party))
        return self._cursor.fetchone() is not None

    def list_closed(self, legal_entity: str, *, before: date | None, limit: int) -> list[date]:
        """Return the dates whose close has come on every partition, newest first, those before a date where one is given."""
        self._cursor.execute(_CLOSED, (legal_entity, before, before, REDEMPTION_LEDGER.partitions, limit))
        return [row[0] for row in self._cursor.fetchall()]


def spend_from(row: Sequence[Any]) -> Spend:
    """Return a spend from its columns, in the order of a line's."""
    entry_id, customer_no, kind, points, point_type, application, channel, cause_kind, cause_no, posted_at, paid = row
    return Spend(
        entry_id=entry_id,
        customer_no=customer_no,
        kind=kind,
        points=points,
        point_type=point_type,
        application=application,
        channel=channel,
        cause_kind=cause_kind,
        cause_no=cause_no,
        posted_at=posted_at,
        paid=PAID.decode(paid),
    )


def list_parties(cursor: Cursor, legal_entity: str, after: str, limit: int) -> list[str]:
    """Return the parties that there are after one of that name, in order."""
    cursor.execute(_PARTIES, (legal_entity, after, limit))
    return [row[0] for row in cursor.fetchall()]


def find_cost(cursor: Cursor, legal_entity: str, business_on: date) -> CostPerPoint:
    """Return what a point costs on a date: the last that was stated to be so by then, else the default."""
    cursor.execute(_COST, (legal_entity, business_on))
    row = cursor.fetchone()
    return CostPerPoint(*row) if row else COST_DEFAULT
