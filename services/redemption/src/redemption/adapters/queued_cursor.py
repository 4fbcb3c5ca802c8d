"""Fewer round trips while locks are held: statements wait until an answer is asked for, and go to the server together."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from psycopg2.extensions import cursor as Cursor

from loyalty_shared.persistence.connections import Database


class QueuedCursor(Cursor):
    """A cursor whose `execute` only queues. All that is queued is sent, in its order and in one round trip, when a result is asked for, or by `send`.

    Each statement still has a snapshot of its own. A failure shows where the result is asked for, not where the statement was written.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._queue: list[bytes] = []

    def execute(self, query: Any, vars: Any = None) -> None:
        """Queue a statement, or several."""
        self._queue.append(self.mogrify(query, vars).strip().rstrip(b";"))

    @property
    def is_queued(self) -> bool:
        """Tell whether statements are waiting to be sent."""
        return bool(self._queue)

    def send(self) -> None:
        """Send what is queued."""
        if self._queue:
            statements = b";\n".join(self._queue)
            self._queue.clear()
            super().execute(statements)

    def fetchone(self) -> tuple[Any, ...] | None:
        self.send()
        return super().fetchone()

    def fetchall(self) -> list[tuple[Any, ...]]:
        self.send()
        return super().fetchall()

    def copy_expert(self, *_arguments: Any, **_options: Any) -> None:
        raise NotImplementedError("COPY is for batches; they do not queue")


@contextmanager
def queued_transaction(database: Database) -> Iterator[QueuedCursor]:
    """Open a transaction whose statements queue: sent and committed when the block ends, rolled back when it raises."""
    with database.transaction() as cursor, cursor.connection.cursor(cursor_factory=QueuedCursor) as queued:
        yield queued
        queued.send()
