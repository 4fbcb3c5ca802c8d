"""How budgets are split among workers: each gives from a lease of its own, taken from what the budget has beyond all that is leased."""

from typing import Final

#: A lease takes this part of what the pool has, so that leases shrink as the budget empties.
POOL_PARTS: Final = 8


def lease_from(pool: int, short: int) -> int:
    """Return the points to lease from a pool to a worker that is `short` of points: enough, and some for later, but never more than there is."""
    return max(0, min(pool, max(short, pool // POOL_PARTS)))
