"""Lots as rows, and as they stand in entries. An open lot's `available_on` is -infinity, a permanent lot's `expires_on` infinity."""

from collections.abc import Iterable
from datetime import date
from typing import Any, Final

import msgspec
from psycopg2.extensions import cursor as Cursor
from psycopg2.extras import execute_values

from redemption.domain.lots import Lot, LotKey, LotPart, lot_id_of, lot_key_from

LOT_COLUMNS: Final = "point_type, nullif(available_on, '-infinity'), nullif(expires_on, 'infinity'), party, institution, points, held, lapsed, excused"

_PARTS = msgspec.json.Decoder(tuple[tuple[str, int, date | None], ...])
_encode = msgspec.json.Encoder().encode

_UPSERT = """
insert into lot (legal_entity, customer_no, point_type, available_on, expires_on, party, institution, points, held, lapsed, excused) values %s
on conflict (legal_entity, customer_no, point_type, available_on, expires_on, party, institution)
do update set points = excluded.points, held = excluded.held, lapsed = excluded.lapsed, excused = excluded.excused
"""
_DELETE = """
delete from lot using (values %s) as gone (legal_entity, customer_no, point_type, available_on, expires_on, party, institution)
where (lot.legal_entity, lot.customer_no, lot.point_type, lot.available_on, lot.expires_on, lot.party, lot.institution)
    = (gone.legal_entity, gone.customer_no, gone.point_type, gone.available_on::date, gone.expires_on::date, gone.party, gone.institution)
"""
_ROWS_PER_STATEMENT: Final = 1_000

LotRow = tuple[Any, ...]


def lot_from(row: LotRow) -> tuple[LotKey, Lot]:
    """Return a lot from a row of LOT_COLUMNS."""
    return LotKey(*row[:5]), Lot(*row[5:])


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
    return tuple(LotPart(lot_key_from(lot_id, available_on), points) for lot_id, points, available_on in _PARTS.decode(text))


def write_lots(cursor: Cursor, changed: Iterable[tuple[str, str, LotKey, Lot | None]]) -> None:
    """Write the state of changed lots of locked accounts, in key order: (legal_entity, customer_no, lot, state).

    A lot that holds nothing any more goes (None: it was a bucket and has matured), so that a customer's lots stay few.
    """
    kept, gone = [], []
    for legal_entity, customer_no, lot, state in changed:
        key = (legal_entity, customer_no, lot.point_type, available_text(lot), expires_text(lot), lot.party, lot.institution)
        if state is None or (state.points == 0 and state.lapsed == state.excused):
            gone.append(key)
        else:
            kept.append((*key, state.points, state.held, state.lapsed, state.excused))
    if kept:
        execute_values(cursor, _UPSERT, sorted(kept), page_size=_ROWS_PER_STATEMENT)
    if gone:
        execute_values(cursor, _DELETE, sorted(gone), page_size=_ROWS_PER_STATEMENT)
