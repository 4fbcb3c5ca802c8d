"""The embedded database server: PostgreSQL 18 from a Python package, one database and one role per service."""

from __future__ import annotations

import hashlib
import hmac
import os
import signal
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import psycopg2
from psycopg2 import sql

from nanzhu_local.ports import Ports
from nanzhu_local.postgres_install import Account, account_for_postgres, data_directory_for, installation_for
from nanzhu_local.processes import BackgroundProcess, Command, run_to_end
from nanzhu_local.run_directory import RunDirectory

NAME = "postgres"
ADMIN = "postgres"
READY_SECONDS_MAX = 120.0
"""Long enough to replay 4 GB of log after a crash on a slow disk."""
STOP_SECONDS_MAX = 60.0
INITDB_SECONDS_MAX = 120.0

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %d %u ",
    # Points are money: what was answered has been written. Never turned off, not even for a benchmark.
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    # Two cores and 24 GiB, shared with a broker and the services.
    "max_connections": "200",
    "shared_buffers": "1GB",
    "effective_cache_size": "8GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "256MB",
    # Checkpoints by time rather than by volume: fewer whole pages in the log while events stream. (wal_compression: this build has neither lz4 nor zstd.)
    "max_wal_size": "4GB",
    "min_wal_size": "512MB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
}


@dataclass(slots=True)
class Postgres:
    """A PostgreSQL server that keeps its data in the run directory, with password authentication on the loopback address."""

    run: RunDirectory
    ports: Ports
    process: BackgroundProcess = field(init=False)
    account: Account = field(init=False)

    def __post_init__(self) -> None:
        self.process = BackgroundProcess(NAME, self.run)
        self.account = account_for_postgres()

    @property
    def admin_url(self) -> str:
        return self._url(ADMIN, ADMIN)

    def launch(self) -> bool:
        """Start it unless it runs; return whether it had to be started."""
        if self.process.find() is not None:
            return False
        self.ports.require_free(NAME)
        binaries = installation_for(self.account) / "bin"
        data = data_directory_for(self.run, self.account)
        if not (data / "PG_VERSION").exists():
            self._initialise(binaries, data)
        forget_reused_pid(data)
        options = [argument for key, value in SETTINGS.items() for argument in ("-c", f"{key}={value}")]
        port = str(self.ports.port_of(NAME))
        self.process.start(self._command(data, str(binaries / "postgres"), "-D", str(data), "-p", port, *options))
        return True

    def wait_ready(self) -> None:
        """Wait until it answers; after a crash that includes its recovery."""
        self.process.wait_until(self._answers, READY_SECONDS_MAX)

    def stop(self) -> None:
        """Stop it in an orderly way (a fast shutdown: sessions are cut, the checkpoint is written)."""
        self.process.stop(signal.SIGINT, STOP_SECONDS_MAX)

    def database(self, name: str) -> str:
        """Return the URL of the database of that name with its own role; makes both when they are missing."""
        role, password = sql.Identifier(name), self._password(name)
        connection = psycopg2.connect(self.admin_url)
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT FROM pg_roles WHERE rolname = %s", [name])
            if cursor.fetchone() is None:
                cursor.execute(sql.SQL("CREATE ROLE {} LOGIN").format(role))
            cursor.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(role, sql.Literal(password)))
            cursor.execute("SELECT FROM pg_database WHERE datname = %s", [name])
            if cursor.fetchone() is None:
                cursor.execute(sql.SQL("CREATE DATABASE {0} OWNER {0}").format(role))
                # A service reads no other service's database.
                cursor.execute(sql.SQL("REVOKE CONNECT ON DATABASE {} FROM PUBLIC").format(role))
        connection.close()
        return self._url(name, name)

    def _initialise(self, binaries: Path, data: Path) -> None:
        with tempfile.NamedTemporaryFile("w", dir=data.parent, prefix="pw", suffix="") as password:
            password.write(self._password(ADMIN))
            password.flush()
            if self.account.uid is not None:
                os.chown(password.name, self.account.uid, -1)
            arguments = (
                *(str(binaries / "initdb"), "-D", str(data), "--username", ADMIN, "--pwfile", password.name, "--auth=scram-sha-256"),
                *("--encoding=UTF8", "--locale-provider=builtin", "--locale=C", "--builtin-locale=C.UTF-8"),
            )
            run_to_end(NAME, self.run, self._command(data, *arguments), INITDB_SECONDS_MAX)

    def _command(self, data: Path, *arguments: str) -> Command:
        return Command(arguments=arguments, environment=os.environ, directory=data.parent, user=self.account.name)

    def _answers(self) -> bool:
        try:
            psycopg2.connect(self.admin_url, connect_timeout=2).close()
        except psycopg2.OperationalError:
            return False
        return True

    def _password(self, role: str) -> str:
        return hmac.new(self.run.secret("database").encode(), role.encode(), hashlib.sha256).hexdigest()

    def _url(self, role: str, database: str) -> str:
        return f"postgresql://{role}:{self._password(role)}@127.0.0.1:{self.ports.port_of(NAME)}/{database}"


def forget_reused_pid(data: Path) -> None:
    """Delete the server's own pid file after a crash when the pid now belongs to a process that is no PostgreSQL; it would refuse to start."""
    lock = data / "postmaster.pid"
    try:
        pid = int(lock.read_text().split("\n", 1)[0])
        if psutil.Process(pid).name() != "postgres":
            lock.unlink()
    except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
        return
