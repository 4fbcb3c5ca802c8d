"""Connections to one service's PostgreSQL database: psycopg2 for the batch path, a SQLAlchemy engine for everything else."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Final, cast

import psycopg2
import sqlalchemy
from psycopg2 import errorcodes
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor
from sqlalchemy.engine import make_url
from sqlalchemy.pool import QueuePool

CONNECT_TIMEOUT_SECONDS: Final = 5
LOCK_TIMEOUT_MS: Final = 4_000
STATEMENT_TIMEOUT_MS: Final = 60_000
IDLE_IN_TRANSACTION_TIMEOUT_MS: Final = 60_000
POOL_WAIT_SECONDS: Final = 4.0

#: SQLSTATE classes and codes after which the same transaction may be tried again from its start.
_TRANSIENT_CLASSES: Final = ("08", "40", "53", "57")
_TRANSIENT_CODES: Final = (errorcodes.LOCK_NOT_AVAILABLE,)


class Database:
    """One service's database. Cheap to make: nothing connects before it is used, so a database that is away is no reason not to start."""

    def __init__(self, url: str, *, application_name: str, pool_max: int = 16) -> None:
        self.url = url
        self._application_name = application_name
        self._pool_max = pool_max
        self._dsn = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)

    def connect(self) -> Connection:
        """Return a new connection with the service's time-outs; the caller closes it. Raises psycopg2.OperationalError while the database is away."""
        return psycopg2.connect(
            self._dsn,
            connect_timeout=CONNECT_TIMEOUT_SECONDS,
            application_name=self._application_name,
            options=f"-c lock_timeout={LOCK_TIMEOUT_MS} -c statement_timeout={STATEMENT_TIMEOUT_MS}"
            f" -c idle_in_transaction_session_timeout={IDLE_IN_TRANSACTION_TIMEOUT_MS} -c timezone=UTC",
        )

    @cached_property
    def engine(self) -> sqlalchemy.Engine:
        """The pool behind `transaction` and SQLAlchemy Core; a dead connection is replaced when it is next asked for."""
        return sqlalchemy.create_engine(
            "postgresql+psycopg2://",
            creator=self.connect,
            poolclass=QueuePool,
            pool_size=self._pool_max,
            max_overflow=0,
            pool_timeout=POOL_WAIT_SECONDS,
            pool_pre_ping=True,
        )

    @contextmanager
    def transaction(self) -> Iterator[Cursor]:
        """Open one transaction on a pooled connection: committed when the block ends, rolled back when it raises."""
        pooled = self.engine.raw_connection()
        try:
            yield cast(Cursor, pooled.cursor())
            pooled.commit()
        except BaseException:
            if is_broken(pooled.driver_connection):
                pooled.invalidate()
            else:
                pooled.rollback()
            raise
        finally:
            pooled.close()

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def is_broken(connection: object) -> bool:
    """Tell whether a driver connection can no longer be used."""
    return not isinstance(connection, Connection) or connection.closed != 0


def is_transient(error: BaseException) -> bool:
    """Tell whether the same transaction may succeed when tried again: the database away, a deadlock, a lock that was waited for too long."""
    if isinstance(error, sqlalchemy.exc.TimeoutError):
        return True
    if isinstance(error, sqlalchemy.exc.DBAPIError) and error.orig is not None:
        error = error.orig
    if not isinstance(error, psycopg2.Error):
        return False
    code = error.pgcode
    if code is None:  # no answer from the server: the connection could not be made, or broke
        return isinstance(error, psycopg2.OperationalError | psycopg2.InterfaceError)
    return code[:2] in _TRANSIENT_CLASSES or code in _TRANSIENT_CODES
