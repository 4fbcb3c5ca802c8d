"""Applications over one transaction's cursor."""

from typing import Final

from psycopg2.extensions import cursor as Cursor

from redemption.adapters.online_opening import application_from
from redemption.domain.spending import FIRST_APPLICATIONS, Application

_COLUMNS: Final = "code, is_open, minimum, step, points_max"
_LIST: Final = f"select {_COLUMNS} from application where legal_entity = %s order by code"
_OPEN: Final = "insert into application (legal_entity, code, is_open) select %s, unnest(%s), true on conflict do nothing"


def open_first_applications(cursor: Cursor, legal_entity: str) -> None:
    """Give a new entity the applications that every entity begins with; those it has already stay as they are."""
    cursor.execute(_OPEN, (legal_entity, list(FIRST_APPLICATIONS)))


class SqlApplications:
    """What points can be spent on."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def list(self, legal_entity: str) -> list[Application]:
        """Return every application of the entity, by code."""
        self._cursor.execute(_LIST, (legal_entity,))
        return [application_from(*row) for row in self._cursor.fetchall()]
