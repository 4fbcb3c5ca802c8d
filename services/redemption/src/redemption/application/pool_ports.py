"""What the use cases of family pools ask of the outside, in their own words."""

from collections.abc import Sequence
from typing import Protocol

from redemption.domain.pools import Pool


class Pools(Protocol):
    """The family pools."""

    def find(self, legal_entity: str, pool_id: str) -> Pool | None:
        """Return a pool; None when there is none of that id."""
        ...

    def find_for_update(self, legal_entity: str, pool_id: str) -> Pool | None:
        """Return a pool, locked; None when there is none of that id."""
        ...

    def list_page(self, legal_entity: str, customer_no: str | None, after: str | None, limit: int) -> Sequence[Pool]:
        """Return pools, newest first, which a customer owns or is a member of, or all, those older than `after`."""
        ...

    def add(self, legal_entity: str, pool: Pool) -> None:
        """Write a new pool and its members."""
        ...

    def change(self, legal_entity: str, pool: Pool) -> None:
        """Write what has become of a locked pool."""
        ...
