"""An entity's point types, as its parameter states them."""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any, Final

import msgspec
from psycopg2.extensions import cursor as Cursor

from redemption.domain.point_types import PointType, point_types_from, spending_order_of

#: The text of the parameter in force, for statements that read other things of the entity too.
STATED: Final = """
select value::text from parameter
where legal_entity = %(legal_entity)s and name = 'point-types' and effective_on <= %(on)s order by effective_on desc limit 1
"""
#: Texts are remembered as they were decoded: an entity's point types change once in a year.
_TEXTS_CACHED: Final = 256


def find_point_types(cursor: Cursor, legal_entity: str, on: date) -> Mapping[str, PointType]:
    """Return an entity's point types on a business date, by code."""
    return _decoded(_find_stated(cursor, legal_entity, on))


def find_spending_order(cursor: Cursor, legal_entity: str, on: date) -> Mapping[str, int]:
    """Return the priority in spending of an entity's point types on a business date."""
    return spending_order_from(_find_stated(cursor, legal_entity, on))


def _find_stated(cursor: Cursor, legal_entity: str, on: date) -> str | None:
    cursor.execute(STATED, {"legal_entity": legal_entity, "on": on})
    row = cursor.fetchone()
    return row[0] if row else None


@lru_cache(maxsize=_TEXTS_CACHED)
def spending_order_from(text: str | None) -> Mapping[str, int]:
    """Return the priority in spending that a parameter's text states; None: nothing is stated."""
    return spending_order_of(_decoded(text))


@lru_cache(maxsize=_TEXTS_CACHED)
def _decoded(text: str | None) -> Mapping[str, PointType]:
    value: Any = None if text is None else msgspec.json.decode(text)
    return point_types_from(value)
