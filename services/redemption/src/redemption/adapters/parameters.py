"""The console's parameters that the ledger goes by, over a cursor: each value from a business date on."""

from datetime import date
from typing import Any, Final

import msgspec
from psycopg2.extensions import cursor as Cursor

from loyalty_shared.contracts.console import ParameterChangedV1

_KEEP: Final = """
insert into parameter (legal_entity, name, effective_on, value) values (%s, %s, %s, %s)
on conflict (legal_entity, name, effective_on) do update set value = excluded.value
"""
_FIND: Final = """
select value::text from parameter where legal_entity = %s and name = %s and effective_on <= %s order by effective_on desc limit 1
"""


def keep_parameter(cursor: Cursor, event: ParameterChangedV1) -> None:
    """Keep a parameter's value from its date on; the same may be said again."""
    cursor.execute(_KEEP, (event.legal_entity, event.name, event.effective_on, msgspec.json.encode(event.value).decode()))


def find_parameter(cursor: Cursor, legal_entity: str, name: str, on: date) -> Any:
    """Return the value in force on a business date; None: the console has not said any, and the parameter's default holds."""
    cursor.execute(_FIND, (legal_entity, name, on))
    row = cursor.fetchone()
    return msgspec.json.decode(row[0]) if row else None
