"""Windows on a real PostgreSQL, Kafka left out: where they are cut, and how large they become."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from integration.shared.messaging.conftest import ThingTopic, write_things
from loyalty_shared.messaging.relay_rows import take_leases
from loyalty_shared.messaging.windows import WINDOW_RECORDS_AIM, Windows
from loyalty_shared.persistence.connections import Database


class Chunk:
    """Keeps what would be sent."""

    def __init__(self) -> None:
        self.numbers: list[int] = []

    def append(self, *, value: bytes, **rest: Any) -> bool:
        self.numbers.append(json.loads(value)["no"])
        return True


class Producer:
    def create_batch(self) -> Chunk:
        return Chunk()


def windows_of(database: Database) -> Iterator[list[int]]:
    """Publish window after window, each the numbers of its things, until there is nothing more."""
    windows = Windows(database, [ThingTopic("things", 1)], "/loyalty/test", "me")
    with database.transaction() as cursor:
        held = take_leases(cursor, "me", [("things", 0)])
    window = windows.step(Producer(), held, ())
    while window is not None:
        yield [number for part in window.parts for chunk in part.chunks for number in chunk.numbers]
        window = windows.step(Producer(), held, [part.published for part in window.parts])


def write(database: Database, *batches: Sequence[int]) -> None:
    with database.transaction() as cursor:
        for numbers in batches:
            write_things(cursor, numbers, 1)


def test_a_window_is_not_cut_between_the_batches_of_one_transaction(service: Database) -> None:
    write(service, [1])
    write(service, [2], [3], [4])
    write(service, [5], [6], [7], [8], [9], [10])
    write(service, [11])
    assert [number for window in windows_of(service) for number in window] == list(range(1, 12))


def test_the_first_window_of_a_relay_that_is_far_behind_is_at_most_the_aim(service: Database) -> None:
    for first in range(0, 20_000, 2_000):
        write(service, range(first, first + 2_000))
    sizes = [len(window) for window in windows_of(service)]
    assert sizes[0] <= WINDOW_RECORDS_AIM
    assert sum(sizes) == 20_000
