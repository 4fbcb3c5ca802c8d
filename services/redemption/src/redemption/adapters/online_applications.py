"""Applications over one transaction's cursor."""

from typing import Final

from psycopg2.extensions import cursor as Cursor

from redemption.domain.spending import FIRST_APPLICATIONS, Application

_COLUMNS: Final = "code, is_open, minimum, step, points_max"
_FIND: Final = f"select {_COLUMNS} from application where legal_entity = %s and code = %s"
_LIST: Final = f"select {_COLUMNS} from application where legal_entity = %s order by code"
_OPEN: Final = "insert into application (legal_entity, code, is_open) select %s, unnest(%s), true on conflict do nothing"


def open_first_applications(cursor: Cursor, legal_entity: str) -> None:
    """Give a new entity the applications that every entity begins with; those it has already stay as they are."""
    cursor.execute(_OPEN, (legal_entity, list(FIRST_APPLICATIONS)))


class SqlApplications:
    """What points can be spent on."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def find(self, legal_entity: str, code: str) -> Application | None:
        """Return an application of the entity."""
        self._cursor.execute(_FIND, (legal_entity, code))
        row = self._cursor.fetchone()
        return _application(row) if row else None

    def list(self, legal_entity: str) -> list[Application]:
        """Return every application of the entity, by code."""
        self._cursor.execute(_LIST, (legal_entity,))
        return [_application(row) for row in self._cursor.fetchall()]


def _application(row: tuple[str, bool, int | None, int | None, int | None]) -> Application:
    code, is_open, minimum, step, points_max = row
    return Application(code=code, is_open=is_open, minimum=minimum, step=step, points_max=points_max)
