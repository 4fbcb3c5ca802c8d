"""An entity's point types, as its parameter states them."""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any, Final

import msgspec
from psycopg2.extensions import cursor as Cursor

from redemption.domain.point_types import PointType, point_types_from

POINT_TYPES: Final = "point-types"
_IN_FORCE: Final = """
select value::text from parameter where legal_entity = %s and name = 'point-types' and effective_on <= %s order by effective_on desc limit 1
"""
#: Texts are remembered as they were decoded: an entity's point types change once in a year.
_TEXTS_CACHED: Final = 256


def find_point_types(cursor: Cursor, legal_entity: str, on: date) -> Mapping[str, PointType]:
    """Return an entity's point types on a business date, by code."""
    cursor.execute(_IN_FORCE, (legal_entity, on))
    row = cursor.fetchone()
    return _decoded(row[0] if row else None)


@lru_cache(maxsize=_TEXTS_CACHED)
def _decoded(text: str | None) -> Mapping[str, PointType]:
    value: Any = None if text is None else msgspec.json.decode(text)
    return point_types_from(value)
