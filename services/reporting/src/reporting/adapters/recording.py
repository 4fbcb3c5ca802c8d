"""One transaction of the mart's consumers."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from loyalty_shared.persistence.connections import Database
from reporting.adapters.mart_rows import SqlRecordingWork


def begin_recording_on(database: Database) -> Callable[[], AbstractContextManager[SqlRecordingWork]]:
    """Return what opens a transaction that adds a batch to the mart: committed at the block's end, rolled back when it raises."""

    @contextmanager
    def begin() -> Iterator[SqlRecordingWork]:
        with database.transaction() as cursor:
            yield SqlRecordingWork(cursor)

    return begin
