"""Alembic's way in: this service's tables only."""

from loyalty_shared.persistence.migrations import run_env
from settlement.adapters.tables import metadata

run_env(metadata)
