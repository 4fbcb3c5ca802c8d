"""The offset moves by compare-and-set: of two owners of a partition, the later one to commit changes nothing."""

from dataclasses import replace

import pytest

from loyalty_shared.persistence.connections import Database
from loyalty_shared.persistence.offsets import Fenced, Position, Span, advance, find_position

FIRST = Position(cluster_id="c", topic_id="t", next_offset=10, epoch=1, next_number=5, digests=b"\x00\x01")


def step(before: Position | None, after: Position) -> Span:
    return Span(group="accrual.decide-transactions", topic="core.transactions", partition=2, before=before, after=after)


def advance_in(database: Database, span: Span) -> None:
    with database.transaction() as cursor:
        advance(cursor, span)


def test_a_position_is_kept_whole(shared_database: Database) -> None:
    advance_in(shared_database, step(None, FIRST))
    second = replace(FIRST, next_offset=20, next_number=15, digests=b"\xff", catching_up=True)
    advance_in(shared_database, step(FIRST, second))
    with shared_database.transaction() as cursor:
        assert find_position(cursor, "accrual.decide-transactions", "core.transactions", 2) == second
        assert find_position(cursor, "another.group", "core.transactions", 2) is None


@pytest.mark.parametrize("stale", [None, replace(FIRST, next_offset=9), replace(FIRST, cluster_id="other"), replace(FIRST, topic_id="made again")])
def test_who_is_not_where_the_batch_began_is_fenced(shared_database: Database, stale: Position | None) -> None:
    advance_in(shared_database, step(None, FIRST))
    with pytest.raises(Fenced):
        advance_in(shared_database, step(stale, replace(FIRST, next_offset=30)))
    with shared_database.transaction() as cursor:
        assert find_position(cursor, "accrual.decide-transactions", "core.transactions", 2) == FIRST
