"""Settlement batches and their lines, over one transaction's cursor."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

import msgspec
from psycopg2.extensions import cursor as Cursor

from loyalty_shared.persistence.bulk import CopyRows
from settlement.adapters.ledger_days import spend_from
from settlement.domain.batches import Batch, Line, Status
from settlement.domain.cost import CostPerPoint
from settlement.domain.reconciliation import BatchSums

_COLUMNS: Final = (
    "batch_id, legal_entity, party, business_on, status, lines, points, amount_minor, cost_minor, currency, by_kind, made_by, made_at,"
    " reviewed_by, reviewed_at, released_by, released_at"
)
_SELECT: Final = f"select {_COLUMNS.replace('by_kind', 'by_kind::text')} from settlement_batch where legal_entity = %s"
_ADD: Final = f"""
insert into settlement_batch ({_COLUMNS}) values ({", ".join(["%s"] * 17)}) on conflict (legal_entity, business_on, party) do nothing
"""
_CHANGE: Final = """
update settlement_batch set status = %s, reviewed_by = %s, reviewed_at = %s, released_by = %s, released_at = %s where legal_entity = %s and batch_id = %s
"""
_LINE_COLUMNS: Final = (
    "legal_entity", "batch_id", "line_no", "points", "amount_minor", "entry_id", "customer_no", "kind", "spend_points", "point_type", "application", "channel",
    "cause_kind", "cause_no", "posted_at", "paid",
)  # fmt: skip
_LINES: Final = """
select line_no, points, amount_minor, entry_id, customer_no, kind, spend_points, point_type, application, channel, cause_kind, cause_no, posted_at, paid::text
from settlement_line where legal_entity = %s and batch_id = %s and line_no > %s order by line_no limit %s
"""
_SUMS: Final = f"""
select count(line_no), coalesce(sum(line.points), 0)::bigint, coalesce(sum(line.amount_minor), 0)::bigint,
    {", ".join(f"batch.{column}{'::text' if column == 'by_kind' else ''}" for column in _COLUMNS.split(", "))}
from settlement_batch as batch left join settlement_line as line using (legal_entity, batch_id)
where legal_entity = %s and business_on = %s
group by batch.legal_entity, batch.batch_id order by party
"""

_BY_KIND: Final = msgspec.json.Decoder(dict[str, int])
_encode = msgspec.json.Encoder().encode


class SqlBatches:
    """Settlement batches and their lines."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def add(self, batch: Batch, lines: Sequence[Line]) -> bool:
        """Write a new batch; False when its party has one of that date."""
        self._cursor.execute(
            _ADD,
            (
                batch.batch_id, batch.legal_entity, batch.party, batch.business_on, batch.status.value, batch.lines, batch.points, batch.amount_minor,
                batch.cost.minor, batch.cost.currency, _encode(batch.by_kind).decode(), batch.made_by, batch.made_at, batch.reviewed_by, batch.reviewed_at,
                batch.released_by, batch.released_at,
            ),
        )  # fmt: skip
        if self._cursor.rowcount == 0:
            return False
        rows = CopyRows()
        for line in lines:
            spend = line.spend
            rows.append(
                batch.legal_entity, batch.batch_id, line.line_no, line.points, line.amount_minor, spend.entry_id, spend.customer_no, spend.kind, spend.points,
                spend.point_type, spend.application, spend.channel, spend.cause_kind, spend.cause_no, spend.posted_at, _encode(spend.paid).decode(),
            )  # fmt: skip
        rows.copy(self._cursor, "settlement_line", _LINE_COLUMNS)
        return True

    def find(self, legal_entity: str, batch_id: str) -> Batch | None:
        """Return a batch for reading."""
        return self._find(legal_entity, batch_id, "")

    def find_for_update(self, legal_entity: str, batch_id: str) -> Batch | None:
        """Return a batch, locked."""
        return self._find(legal_entity, batch_id, " for update")

    def _find(self, legal_entity: str, batch_id: str, lock: str) -> Batch | None:
        self._cursor.execute(f"{_SELECT} and batch_id = %s{lock}", (legal_entity, batch_id))
        row = self._cursor.fetchone()
        return _batch(row) if row else None

    def change(self, batch: Batch) -> None:
        """Write how far a batch has come, and by whom."""
        values = (batch.status.value, batch.reviewed_by, batch.reviewed_at, batch.released_by, batch.released_at, batch.legal_entity, batch.batch_id)
        self._cursor.execute(_CHANGE, values)

    def list_page(self, legal_entity: str, *, party: str | None, business_on: date | None, after: tuple[date, str] | None, limit: int) -> list[Batch]:
        """Return batches in order of date and party, those of one party or date where one is given."""
        self._cursor.execute(
            f"{_SELECT} and (%s::text is null or party = %s) and (%s::date is null or business_on = %s)"
            " and (%s::date is null or (business_on, party) > (%s, %s)) order by business_on, party limit %s",
            (legal_entity, party, party, business_on, business_on, after and after[0], after and after[0], after and after[1], limit),
        )
        return [_batch(row) for row in self._cursor.fetchall()]

    def list_lines(self, legal_entity: str, batch_id: str, *, after: int, limit: int) -> list[Line]:
        """Return a batch's lines after the one of that number, in order."""
        self._cursor.execute(_LINES, (legal_entity, batch_id, after, limit))
        return [Line(line_no=row[0], points=row[1], amount_minor=row[2], spend=spend_from(row[3:])) for row in self._cursor.fetchall()]

    def sums_of(self, legal_entity: str, business_on: date) -> list[BatchSums]:
        """Return the batches made of a date, with what their lines come to."""
        self._cursor.execute(_SUMS, (legal_entity, business_on))
        return [
            BatchSums(line_count=count, line_points=points, line_amount_minor=amount, batch=_batch(row))
            for count, points, amount, *row in self._cursor.fetchall()
        ]


def _batch(row: Sequence[Any]) -> Batch:
    (
        batch_id, legal_entity, party, business_on, status, lines, points, amount_minor, cost_minor, currency, by_kind, made_by, made_at, reviewed_by,
        reviewed_at, released_by, released_at,
    ) = row  # fmt: skip
    return Batch(
        batch_id=batch_id,
        legal_entity=legal_entity,
        party=party,
        business_on=business_on,
        status=Status(status),
        lines=lines,
        points=points,
        amount_minor=amount_minor,
        cost=CostPerPoint(cost_minor, currency),
        by_kind=_BY_KIND.decode(by_kind),
        made_by=made_by,
        made_at=made_at,
        reviewed_by=reviewed_by,
        reviewed_at=reviewed_at,
        released_by=released_by,
        released_at=released_at,
    )


def count_batches(cursor: Cursor, legal_entity: str) -> dict[Status, int]:
    """Return how many batches an entity has, by how far they have come."""
    cursor.execute("select status, count(*) from settlement_batch where legal_entity = %s group by status", (legal_entity,))
    return dict.fromkeys(Status, 0) | {Status(status): count for status, count in cursor.fetchall()}
