"""Migrations: one alembic tree per service, this service's schema only. A lock that is not had at once is no reason to stop the traffic behind it."""

from pathlib import Path
from typing import Final

from alembic import command, context
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import MetaData, NullPool, create_engine, text
from sqlalchemy.engine import make_url

MIGRATION_LOCK_TIMEOUT: Final = "5s"
#: Held while migrating, so that two processes of one service that start together migrate one after the other.
MIGRATION_LOCK_KEY: Final = 7_000


def migrate(directory: Path, url: str) -> None:
    """Bring the database at `url` to the newest revision of the tree in `directory`. Safe to run at every start."""
    command.upgrade(_config(directory, url), "head")


def run_env(metadata: MetaData) -> None:
    """Be the body of a service's `migrations/env.py`."""
    url = context.config.attributes["url"]
    with create_engine(url, poolclass=NullPool).connect() as connection:  # closed at the end, and its lock with it
        connection.execute(text("select pg_advisory_lock(:key)"), {"key": MIGRATION_LOCK_KEY})
        connection.execute(text(f"set lock_timeout = '{MIGRATION_LOCK_TIMEOUT}'"))
        connection.commit()
        context.configure(connection=connection, target_metadata=metadata)
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()


def drift(directory: Path, url: str, metadata: MetaData) -> list[object]:
    """Return where the migrated database and the tables in code differ; empty when they agree."""
    migrate(directory, url)
    with create_engine(_driver_url(url), poolclass=NullPool).connect() as connection:
        return list(compare_metadata(MigrationContext.configure(connection, opts={"include_name": _is_ours}), metadata))


def _is_ours(name: str | None, kind: str, _parents: object) -> bool:
    return kind != "table" or (name is not None and name != "alembic_version" and not name.startswith("business_key_"))


def _config(directory: Path, url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(directory))
    config.attributes["url"] = _driver_url(url)
    return config


def _driver_url(url: str) -> str:
    return make_url(url).set(drivername="postgresql+psycopg2").render_as_string(hide_password=False)
