"""What a role grants: functions, and whose data. Default deny: an operator has what their roles give and nothing else."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

#: What a role may grant (contracts.md section 1). `channel` is for systems.
FUNCTIONS: Final = ("maker", "checker", "admin", "auditor")


class Scope(StrEnum):
    """Whose data a role shows, from narrow to wide."""

    OWN_INSTITUTION = "own-institution"
    OWN_AND_BELOW = "own-and-below"
    ENTITY = "entity"
    ALL_ENTITIES = "all-entities"

    @property
    def width(self) -> int:
        return list(Scope).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A role of one entity."""

    code: str
    names: Mapping[str, str]
    functions: tuple[str, ...]
    scope: Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What several roles come to: every function of each, and the widest scope. No role: no function."""

    functions: tuple[str, ...]
    scope: Scope


#: What every entity begins with. Each also reads, for the auditor's is the function of reading: a maker looks a customer up before asking for anything.
FIRST_ROLES: Final = tuple(
    Role(code=function, names=names, functions=tuple(dict.fromkeys((function, "auditor"))), scope=Scope.ENTITY)
    for function, names in (
        ("maker", {"zh": "经办", "en": "Maker"}),
        ("checker", {"zh": "复核", "en": "Checker"}),
        ("admin", {"zh": "系统管理员", "en": "Administrator"}),
        ("auditor", {"zh": "审计", "en": "Auditor"}),
    )
)


def grant_from(roles: Collection[Role]) -> Grant:
    """Return what the roles grant together."""
    functions = {function for role in roles for function in role.functions}
    widest = max((role.scope for role in roles), key=lambda scope: scope.width, default=Scope.OWN_INSTITUTION)
    return Grant(functions=tuple(function for function in FUNCTIONS if function in functions), scope=widest)


def entities_of(scope: Scope, own: str, all_entities: Sequence[str]) -> tuple[str, ...]:
    """Return the entities an operator of `own` works in."""
    return tuple(all_entities) if scope is Scope.ALL_ENTITIES else (own,)


def may_grant(scope: Scope, legal_entity: str, *, sponsor: str, institutions: Collection[str] | None, entities: Collection[str]) -> bool:
    """Tell whether a caller who sees `institutions` (None: the whole entity) of `entities` may give a role of that scope in the entity: never more than theirs.

    All entities are the sponsor's to give.
    """
    if scope is Scope.ALL_ENTITIES:
        return legal_entity == sponsor and sponsor in entities and institutions is None
    return scope.width < Scope.ENTITY.width or institutions is None
