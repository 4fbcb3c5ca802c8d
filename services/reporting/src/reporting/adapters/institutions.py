"""The institutions' tree, as the console states it."""

from collections.abc import Collection
from typing import Final

import msgspec
from psycopg2.extensions import cursor as Cursor

from loyalty_shared.contracts.console import InstitutionChangedV1

_KEEP: Final = """
insert into institution (legal_entity, institution, parent, names, level, status) values (%s, %s, %s, %s, %s, %s)
on conflict (legal_entity, institution) do update set parent = excluded.parent, names = excluded.names, level = excluded.level, status = excluded.status
"""
#: `union`, not `union all`: a circle in the tree ends.
_BELOW: Final = """
with recursive below (institution) as (
    select unnest(%(institutions)s::text[]) collate "C"
    union select child.institution from institution as child join below on child.parent = below.institution where child.legal_entity = %(legal_entity)s)
select institution from below
"""


def keep_institution(cursor: Cursor, event: InstitutionChangedV1) -> None:
    """Keep an institution as it is now."""
    names = msgspec.json.encode(event.names).decode()
    cursor.execute(_KEEP, (event.legal_entity, event.institution, event.parent, names, event.level, event.status))


def institutions_below(cursor: Cursor, legal_entity: str, institutions: Collection[str]) -> frozenset[str]:
    """Return the institutions with all below them; one that the tree does not have stands alone."""
    cursor.execute(_BELOW, {"legal_entity": legal_entity, "institutions": sorted(institutions)})
    return frozenset(institution for (institution,) in cursor.fetchall())
