"""A ledger on a database of its own."""

from collections.abc import Iterator

import pytest

from support.ledger import Ledger
from support.platform import MakeDatabase


@pytest.fixture
def ledger(database: MakeDatabase) -> Iterator[Ledger]:
    """Return an empty ledger with entities 001 and 002 on 1 March 2026; every invariant must hold when the test ends."""
    opened = Ledger.open(database("redemption"))
    yield opened
    opened.database.close()
