"""A broker or a database server that somebody else runs, used instead of the embedded one."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

import psycopg2
from psycopg2 import sql

from nanzhu_local.broker import count_brokers
from nanzhu_local.failures import PlatformFailure


@dataclass(frozen=True, slots=True)
class ExternalKafka:
    """The broker that KAFKA_BOOTSTRAP_SERVERS names."""

    bootstrap_servers: str

    def require_reachable(self) -> None:
        """Raise PlatformFailure unless it answers."""
        if count_brokers(self.bootstrap_servers) == 0:
            raise PlatformFailure(f"no Kafka answers at {self.bootstrap_servers}", "check KAFKA_BOOTSTRAP_SERVERS, or unset it to use the embedded broker")


@dataclass(frozen=True, slots=True)
class ExternalPostgres:
    """The server that DATABASE_URL names; its user must be allowed to create databases."""

    admin_url: str

    def require_reachable(self) -> None:
        """Raise PlatformFailure unless it answers."""
        try:
            psycopg2.connect(self.admin_url, connect_timeout=10).close()
        except psycopg2.OperationalError as error:
            raise PlatformFailure(
                f"the server of DATABASE_URL does not answer: {error}", "check DATABASE_URL, or unset it to use the embedded server"
            ) from error

    def database(self, name: str) -> str:
        """Return the URL of the database of that name, for the same user; makes it when it is missing."""
        connection = psycopg2.connect(self.admin_url)
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT FROM pg_database WHERE datname = %s", [name])
                if cursor.fetchone() is None:
                    cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        except psycopg2.Error as error:
            raise PlatformFailure(f"the database {name} cannot be made on the server of DATABASE_URL: {error}", "let its user create databases") from error
        finally:
            connection.close()
        return str(urlunsplit(urlsplit(self.admin_url)._replace(path=f"/{name}")))
