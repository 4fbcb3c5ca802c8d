"""Alembic's way in: this service's tables only."""

from gift_order.adapters.tables import metadata
from loyalty_shared.persistence.migrations import run_env

run_env(metadata)
