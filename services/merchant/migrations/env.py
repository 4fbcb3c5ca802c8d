"""Alembic's environment: the merchant service's tables only."""

from loyalty_shared.persistence.migrations import run_env
from merchant.adapters.tables import METADATA

run_env(METADATA)
