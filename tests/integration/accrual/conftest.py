"""Accrual on a real database."""

from collections.abc import Iterator

import pytest

from support.accrual_desk import Desk, desk_on
from support.platform import MakeDatabase


@pytest.fixture
def desk(database: MakeDatabase) -> Iterator[Desk]:
    with desk_on(database("accrual")) as opened:
        yield opened
