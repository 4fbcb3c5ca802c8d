"""How far the timed services have come, read from their databases with queries that cost next to nothing."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import psycopg2
from psycopg2.extensions import connection as Connection

from loyalty_shared.contracts.topics import ACCRUAL_BATCHES, ACCRUAL_POINTS, CORE_TRANSACTIONS, REDEMPTION_LEDGER, REDEMPTION_SPENDS, Topic
from nanzhu_local.endpoints import Endpoints

POLL_SECONDS: Final = 0.05
#: Far beyond what a slow machine needs: something is broken.
WAIT_SECONDS_MAX: Final = 900.0

_TAKEN = "select coalesce(sum(next_offset), 0), coalesce(sum(next_number), 0) from consumer_offset where topic = %s"
_UNPUBLISHED = """
select exists (select from outgoing_batch where xid >= (select min(bound_xid)::text::xid8 from relay_partition where topic = %s))
"""
_PUBLISHED = "select coalesce(sum(next_number), 0) from relay_partition where topic = %s"
_FIGURES = "select count(*) filter (where points > 0), count(*) filter (where kind = 'posted') from decision"


#: Who reads what the timed services publish: everything, for the drained time.
READERS: Final[tuple[tuple[str, Topic, str], ...]] = (
    ("accrual", ACCRUAL_POINTS, "gift-order"),
    ("accrual", ACCRUAL_BATCHES, "reporting"),
    ("redemption", REDEMPTION_LEDGER, "settlement"),
    ("redemption", REDEMPTION_LEDGER, "reporting"),
)


class TookTooLong(Exception):
    """The services did not get through the workload within WAIT_SECONDS_MAX."""


@contextmanager
def progress_of(endpoints: Endpoints) -> Iterator["Progress"]:
    """Give a look at the progress, on connections of its own."""
    connections = {name: psycopg2.connect(service.database) for name, service in endpoints.services.items()}
    for connection in connections.values():
        connection.autocommit = True
    try:
        yield Progress(connections)
    finally:
        for connection in connections.values():
            connection.close()


class Progress:
    """What accrual has decided and published, what redemption has posted of it, and how far its readers are."""

    def __init__(self, databases: Mapping[str, Connection]) -> None:
        self._databases = databases
        self._accrual, self._redemption = databases["accrual"], databases["redemption"]

    def decided(self) -> int:
        """Return how many records of `core.transactions` accrual has decided."""
        return int(_row(self._accrual, _TAKEN, CORE_TRANSACTIONS.name)[0])

    def until_decided(self, events: int) -> None:
        """Return when accrual has decided all records of `core.transactions`. Raises TookTooLong."""
        _until(lambda: self.decided() >= events)

    def until_posted(self) -> int:
        """Return how many records of points accrual published, when redemption has posted all of them. Raises TookTooLong."""
        topic = ACCRUAL_POINTS.name
        _until(lambda: not _row(self._accrual, _UNPUBLISHED, topic)[0])
        published = _row(self._accrual, _PUBLISHED, topic)[0]
        _until(lambda: _row(self._redemption, _TAKEN, topic)[1] >= published)
        return int(published) - ACCRUAL_POINTS.partitions  # numbers begin at 1 in each partition

    def until_drained(self) -> None:
        """Return when all that the timed services have committed is published, and read by every service that reads it. Raises TookTooLong."""
        for producer, topic, reader in READERS:
            self._until_published(producer, topic)
            self._until_read(reader, topic, _row(self._databases[producer], _PUBLISHED, topic.name)[0])
        self._until_published("redemption", REDEMPTION_SPENDS)

    def until_ledger_read(self) -> None:
        """Return when every entry of the ledger is published and read by every service that reads it. Raises TookTooLong."""
        self._until_published("redemption", REDEMPTION_LEDGER)
        published = _row(self._redemption, _PUBLISHED, REDEMPTION_LEDGER.name)[0]
        for _, topic, reader in READERS:
            if topic is REDEMPTION_LEDGER:
                self._until_read(reader, topic, published)

    def _until_published(self, producer: str, topic: Topic) -> None:
        _until(lambda: not _row(self._databases[producer], _UNPUBLISHED, topic.name)[0])

    def _until_read(self, reader: str, topic: Topic, published: int) -> None:
        _until(lambda: _row(self._databases[reader], _TAKEN, topic.name)[1] >= published)

    def earning_share(self) -> float:
        """Return the share of purchases that earned points."""
        earned, purchases = _row(self._accrual, _FIGURES)
        return float(earned) / float(purchases)


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS_MAX
    while not holds():
        if time.monotonic() > deadline:
            raise TookTooLong(f"not done after {WAIT_SECONDS_MAX:.0f} seconds; see the services' logs (run with --keep)")
        time.sleep(POLL_SECONDS)


def _row(connection: Connection, query: str, *parameters: object) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        row = cursor.fetchone()
    assert row is not None
    return row
