"""Settlement on a database of its own."""

from collections.abc import Iterator

import pytest

from support.platform import MakeDatabase
from support.settlement_desk import Desk


@pytest.fixture
def desk(database: MakeDatabase) -> Iterator[Desk]:
    """Return settlement with nothing posted yet."""
    opened = Desk.open(database("settlement"))
    with opened.http:
        yield opened
    opened.database.close()
