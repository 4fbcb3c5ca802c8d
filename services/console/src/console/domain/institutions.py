"""The tree of institutions of a legal entity: head office, branches, sub-branches, outlets."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from console.domain.refusals import Refusal

#: Where an operator belongs who is given no other institution; every entity begins with it.
HEAD_OFFICE: Final = "HQ"


class Level(StrEnum):
    """From the top down."""

    HEAD_OFFICE = "head-office"
    BRANCH = "branch"
    SUB_BRANCH = "sub-branch"
    OUTLET = "outlet"


class InstitutionStatus(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Institution:
    """One institution. `parent` None: a root. `cost_centre`: costs may be booked on it."""

    institution: str
    parent: str | None
    names: Mapping[str, str]
    level: Level
    status: InstitutionStatus = InstitutionStatus.OPEN
    cost_centre: bool = False


Tree = Mapping[str, Institution]


def path_of(tree: Tree, institution: str) -> tuple[str, ...]:
    """Return the codes from the root down to the institution, itself included. Raises ValueError on a tree that is none."""
    path: list[str] = []
    code: str | None = institution
    while code is not None:
        path.append(code)
        code = tree[code].parent
        if len(path) > len(tree):
            raise ValueError(f"institution {institution} is below itself")
    return tuple(reversed(path))


def below(tree: Tree, institution: str) -> frozenset[str]:
    """Return the institution and all that are under it."""
    return frozenset(code for code in tree if institution in path_of(tree, code))


def in_order(tree: Tree) -> list[tuple[Institution, tuple[str, ...]]]:
    """Return every institution with its path, parents before their children, siblings by code."""
    return sorted(((one, path_of(tree, code)) for code, one in tree.items()), key=lambda placed: placed[1])


def level_at(depth: int) -> Level:
    """Return the level that an institution has by its depth (0: a root), where it states none."""
    return list(Level)[min(depth, len(Level) - 1)]


def refusal_of(tree: Tree, wanted: Institution, *, has_active_operators: bool) -> tuple[Refusal, str] | None:
    """Return why the institution cannot stand in the tree as wanted, with the fault in words, or None."""
    if wanted.parent is not None:
        parent = tree.get(wanted.parent)
        if wanted.parent == wanted.institution:
            return Refusal.INSTITUTION_CYCLE, "an institution cannot be its own parent"
        if parent is None:
            return Refusal.INSTITUTION_UNKNOWN, f"no institution {wanted.parent}"
        if wanted.institution in tree and wanted.institution in path_of(tree, wanted.parent):
            return Refusal.INSTITUTION_CYCLE, f"{wanted.parent} is below {wanted.institution}"
        if parent.status is InstitutionStatus.CLOSED and wanted.status is InstitutionStatus.OPEN:
            return Refusal.INSTITUTION_CLOSED, f"{wanted.parent} is closed"
    if wanted.status is InstitutionStatus.CLOSED:
        open_below = sorted(code for code, one in tree.items() if one.parent == wanted.institution and one.status is InstitutionStatus.OPEN)
        if open_below:
            return Refusal.INSTITUTION_IN_USE, f"{', '.join(open_below[:5])} below it is open"
        if has_active_operators:
            return Refusal.INSTITUTION_IN_USE, "operators that are not disabled belong to it"
    return None
