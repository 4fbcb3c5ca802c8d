"""Alembic's way in: this service's tables only."""

import redemption.adapters.customer_tables
import redemption.adapters.expiry_tables
import redemption.adapters.online_tables
import redemption.adapters.pool_tables
import redemption.adapters.staff_tables  # noqa: F401 -- these define their tables on the same metadata
from loyalty_shared.persistence.migrations import run_env
from redemption.adapters.tables import metadata

run_env(metadata)
