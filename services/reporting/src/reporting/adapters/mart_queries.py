"""Reading the mart, over psycopg2: everything that one report needs, as of one moment."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Final

import msgspec
from psycopg2.extensions import cursor as Cursor

from loyalty_shared.contracts.topics import REDEMPTION_LEDGER
from loyalty_shared.persistence.connections import Database
from loyalty_shared.persistence.entity_dates import UnknownEntity, find_entity
from reporting.adapters.institutions import institutions_below
from reporting.adapters.invariants import BREAKS_OF_CLOSED_DAYS
from reporting.domain.catalogue import Code, Dimension
from reporting.domain.report import Asked
from reporting.domain.sums import Line

#: A report reads a whole history for its opening: it may take longer than other calls, and must not take for ever.
REPORT_TIMEOUT_MS: Final = 120_000

_LEDGER_COLUMNS: Final = {
    Dimension.DAY: "business_on::text",
    Dimension.INSTITUTION: "institution",
    Dimension.POINT_TYPE: "point_type",
    Dimension.RULE: "rule_code",
    Dimension.CHANNEL: "channel",
    Dimension.APPLICATION: "application",
    Dimension.PARTY: "case when counter_account like 'issued:%%' then substr(counter_account, 8) else '' end",
}
_DECIDED_COLUMNS: Final = {
    Dimension.DAY: "decided_on::text",
    Dimension.INSTITUTION: "institution",
    Dimension.PRODUCT: "product",
    Dimension.CHANNEL: "channel",
    Dimension.CURRENCY: "currency",
    Dimension.OUTCOME: "outcome",
}
#: `since` null: with all that came before the period, for the opening.
_LINES: Final = """
select array[{columns}]::text[] as dimensions, kind, split_part(counter_account, ':', 1),
    coalesce(sum(points) filter (where business_on < %(start)s), 0)::bigint, coalesce(sum(points) filter (where business_on >= %(start)s), 0)::bigint,
    sum(lots - points)::bigint, coalesce(sum(entries) filter (where business_on >= %(start)s), 0)::bigint
from posting_group
where legal_entity = %(legal_entity)s and business_on < %(end)s and (%(since)s::date is null or business_on >= %(since)s)
    and (%(institutions)s::text[] is null or institution = any(%(institutions)s))
group by 1, 2, 3 order by 1, 2, 3
"""
_DECIDED: Final = """
select array[{columns}]::text[] as dimensions, sum(events)::bigint, sum(points)::bigint, sum(amount_minor)
from decided_group
where legal_entity = %(legal_entity)s and decided_on >= %(start)s and decided_on < %(end)s
    and (%(institutions)s::text[] is null or institution = any(%(institutions)s))
group by 1
"""
_COMPLETE_UNTIL: Final = """
select max(business_on) from (
    select business_on from day_close where legal_entity = %s group by business_on having count(*) = %s) as closed
"""
_KNOWN: Final = """
select exists (select from institution where legal_entity = %(legal_entity)s and institution = %(institution)s)
    or exists (select from posting_group where legal_entity = %(legal_entity)s and institution = %(institution)s)
    or exists (select from decided_group where legal_entity = %(legal_entity)s and institution = %(institution)s)
"""
_KEEP: Final = """
insert into made_report as kept (legal_entity, business_on, code, document, made_at) values (%s, %s, %s, %s, %s)
on conflict (legal_entity, business_on, code) do update set document = excluded.document, made_at = excluded.made_at
where kept.document::text <> excluded.document::text
"""


class SqlMart:
    """The mart as of one moment, and the reports kept of it."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def business_on(self, legal_entity: str) -> date:
        """Return the entity's business date. Raises UnknownEntity."""
        entity = find_entity(self._cursor, legal_entity)
        if entity is None:
            raise UnknownEntity(legal_entity)
        return entity.business_on

    def complete_until(self, legal_entity: str) -> date | None:
        """Return the last date of which everything is in the mart, and of all before it: every partition of the ledger's topic has told its close."""
        self._cursor.execute(_COMPLETE_UNTIL, (legal_entity, REDEMPTION_LEDGER.partitions))
        until: date | None = (self._cursor.fetchone() or (None,))[0]
        return until

    def count_breaks(self, legal_entity: str, before: date) -> int:
        """Return in how many places the mart differs, on dates before the given one, from what the ledger said when it closed them."""
        self._cursor.execute(BREAKS_OF_CLOSED_DAYS, {"legal_entity": legal_entity, "before": before, "partitions": REDEMPTION_LEDGER.partitions})
        return int((self._cursor.fetchone() or (0,))[0])

    def institutions_below(self, legal_entity: str, institutions: Collection[str]) -> frozenset[str]:
        """Return the institutions with all below them in the tree."""
        return institutions_below(self._cursor, legal_entity, institutions)

    def knows_institution(self, legal_entity: str, institution: str) -> bool:
        """Tell whether the tree or the mart has the institution."""
        self._cursor.execute(_KNOWN, {"legal_entity": legal_entity, "institution": institution})
        return bool((self._cursor.fetchone() or (False,))[0])

    def list_lines(self, asked: Asked) -> Sequence[Line]:
        """Return the sums of the ledger's postings that a report is made from, in order of their dimensions."""
        columns = ", ".join(_LEDGER_COLUMNS[dimension] for dimension in asked.group_by)
        since = None if asked.definition.code is Code.MOVEMENT else asked.period.start
        self._cursor.execute(_LINES.format(columns=columns), {**_filters(asked), "since": since})
        return [Line(tuple(values), *sums) for values, *sums in self._cursor.fetchall()]

    def list_decided(self, asked: Asked) -> Mapping[tuple[str, ...], Sequence[int]]:
        """Return the sums of what accrual decided, by the report's dimensions."""
        columns = ", ".join(_DECIDED_COLUMNS[dimension] for dimension in asked.group_by)
        self._cursor.execute(_DECIDED.format(columns=columns), _filters(asked))
        return {tuple(values): (events, points, int(amount_minor)) for values, events, points, amount_minor in self._cursor.fetchall()}

    def keep(self, legal_entity: str, code: Code, business_on: date, document: Mapping[str, object], at: datetime) -> bool:
        """Keep a report; False when it was kept already and says the same."""
        self._cursor.execute(_KEEP, (legal_entity, business_on, code.value, msgspec.json.encode(document).decode(), at))
        return self._cursor.rowcount == 1


def _filters(asked: Asked) -> dict[str, object]:
    return {
        "legal_entity": asked.legal_entity,
        "start": asked.period.start,
        "end": asked.period.end,
        "institutions": None if asked.institutions is None else sorted(asked.institutions),
    }


@contextmanager
def read_mart(database: Database) -> Iterator[SqlMart]:
    """Open the mart for reading and for keeping reports, in one snapshot."""
    with database.transaction() as cursor:
        cursor.execute("set transaction isolation level repeatable read; set local statement_timeout = %s", (REPORT_TIMEOUT_MS,))
        yield SqlMart(cursor)


def find_made(cursor: Cursor, legal_entity: str, code: str, business_on: date) -> str | None:
    """Return a report as it was made for a date, in JSON; None when it was not."""
    cursor.execute("select document::text from made_report where legal_entity = %s and code = %s and business_on = %s", (legal_entity, code, business_on))
    row = cursor.fetchone()
    return None if row is None else str(row[0])


def list_made(cursor: Cursor, legal_entity: str, after: tuple[date, str], limit: int) -> list[tuple[date, str, datetime]]:
    """Return (business date, code, when it was made) of the reports made, in order of date and code, after the given one."""
    cursor.execute(
        "select business_on, code, made_at from made_report where legal_entity = %s and (business_on, code) > (%s, %s) order by business_on, code limit %s",
        (legal_entity, *after, limit),
    )
    return list(cursor.fetchall())
