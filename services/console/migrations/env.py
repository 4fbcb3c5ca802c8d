"""Alembic's environment: the console's tables only."""

from console.adapters.tables import METADATA
from loyalty_shared.persistence.migrations import run_env

run_env(METADATA)
