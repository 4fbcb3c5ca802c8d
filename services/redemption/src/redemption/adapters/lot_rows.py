"""Lots as rows, and as they stand in entries. An open lot's `available_on` is -infinity, a permanent lot's `expires_on` infinity.

So is a sliding lot's, whose `slides_to` is the last date of use as the account's last activity has it.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any, Final

import msgspec
from psycopg2.extensions import cursor as Cursor
from psycopg2.extras import execute_values

from redemption.domain.account import Account
from redemption.domain.lots import Lot, LotKey, LotPart, lot_id_of, lot_key_from

LOT_COLUMNS: Final = (
    "point_type, nullif(available_on, '-infinity'), nullif(expires_on, 'infinity'), party, institution, sliding_months, points, held, lapsed, excused"
)

_PARTS = msgspec.json.Decoder(tuple[tuple[str, int, date | None], ...])
_encode = msgspec.json.Encoder().encode

_UPSERT = """
insert into lot (
    legal_entity, customer_no, point_type, available_on, expires_on, party, institution, sliding_months, points, held, lapsed, excused, slides_to) values %s
on conflict (legal_entity, customer_no, point_type, available_on, expires_on, party, institution, sliding_months)
do update set points = excluded.points, held = excluded.held, lapsed = excluded.lapsed, excused = excluded.excused, slides_to = excluded.slides_to
"""
_DELETE = """
delete from lot using (values %s) as gone (legal_entity, customer_no, point_type, available_on, expires_on, party, institution, sliding_months)
where (lot.legal_entity, lot.customer_no, lot.point_type, lot.available_on, lot.expires_on, lot.party, lot.institution, lot.sliding_months)
    = (gone.legal_entity, gone.customer_no, gone.point_type, gone.available_on::date, gone.expires_on::date, gone.party, gone.institution, gone.sliding_months)
"""
_ROWS_PER_STATEMENT: Final = 1_000

LotRow = tuple[Any, ...]


def lot_from(row: LotRow) -> tuple[LotKey, Lot]:
    """Return a lot from a row of LOT_COLUMNS."""
    return LotKey(*row[:6]), Lot(*row[6:])


def available_text(lot: LotKey) -> str:
    """Return `available_on` as PostgreSQL reads it."""
    return "-infinity" if lot.available_on is None else lot.available_on.isoformat()


def expires_text(lot: LotKey) -> str:
    """Return `expires_on` as PostgreSQL reads it."""
    return "infinity" if lot.expires_on is None else lot.expires_on.isoformat()


def parts_json(parts: Iterable[LotPart]) -> str:
    """Return lot parts as entries keep them: [[lot_id, signed points, available_on or null], ...]."""
    return _encode([(lot_id_of(lot), points, lot.available_on) for lot, points in parts]).decode()


def parts_from(text: str) -> tuple[LotPart, ...]:
    """Return the lot parts of an entry."""
    return tuple(part_of(*part) for part in _PARTS.decode(text))


def part_of(lot_id: str, points: int, available_on: date | None) -> LotPart:
    """Return one lot part of an entry from [lot_id, signed points, available_on or null]."""
    return LotPart(lot_key_from(lot_id, available_on), points)


def write_lots(cursor: Cursor, accounts: Iterable[Account]) -> None:
    """Write the changed lots of locked accounts, in key order.

    A lot that holds nothing any more goes, as does a bucket that has matured, so that a customer's lots stay few.
    """
    kept, gone = [], []
    for account in accounts:
        for lot in account.touched:
            state = account.lots.get(lot)
            key = (
                account.legal_entity, account.customer_no, lot.point_type, available_text(lot), expires_text(lot), lot.party, lot.institution,
                lot.sliding_months,
            )  # fmt: skip
            if state is None or (state.points == 0 and state.lapsed == state.excused):
                gone.append(key)
            else:
                slides_to = account.last_date(lot) if lot.sliding_months else None
                kept.append((*key, state.points, state.held, state.lapsed, state.excused, slides_to))
    if kept:
        execute_values(cursor, _UPSERT, sorted(kept), page_size=_ROWS_PER_STATEMENT)
    if gone:
        execute_values(cursor, _DELETE, sorted(gone), page_size=_ROWS_PER_STATEMENT)
