"""Who may do what, as use cases see it: institutions, roles, operators, passwords."""

from collections.abc import Collection
from typing import Protocol

from console.domain.access import Role
from console.domain.institutions import Institution, Tree
from console.domain.operators import Operator


class Institutions(Protocol):
    """The trees of institutions."""

    def tree(self, legal_entity: str) -> Tree: ...

    def tree_for_update(self, legal_entity: str) -> Tree:
        """Return the tree; no other transaction changes it until this one ends."""
        ...

    def save(self, legal_entity: str, institution: Institution) -> None: ...


class Roles(Protocol):
    """The roles of each entity."""

    def list(self, legal_entity: str) -> list[Role]: ...

    def find_all(self, legal_entity: str, codes: Collection[str]) -> dict[str, Role]:
        """Return those of the codes that exist, by code."""
        ...

    def save(self, legal_entity: str, role: Role) -> None: ...


class Operators(Protocol):
    """The people who may sign in."""

    def find(self, operator: str) -> Operator | None: ...
    def find_for_update(self, operator: str) -> Operator | None: ...

    def add(self, operator: Operator) -> bool:
        """Add the operator; False when the code is taken."""
        ...

    def save(self, operator: Operator) -> None: ...

    def list_with_role(self, legal_entity: str, role: str) -> list[Operator]: ...

    def count_active_at(self, legal_entity: str, institution: str) -> int:
        """Return how many operators that are not disabled belong to the institution."""
        ...


class Passwords(Protocol):
    """Hashes of passwords: slow on purpose, so never inside a transaction."""

    def hash(self, password: str) -> str: ...

    def fits(self, password_hash: str | None, password: str) -> bool:
        """Tell whether it is the password of that hash; with None it takes as long and is not."""
        ...
