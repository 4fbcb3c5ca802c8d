"""What every entity begins with: a head office, the first roles, and operators for local use."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from console.application.ports import BeginUnitOfWork, UnitOfWork
from console.application.shown import show_institution, show_operator
from console.domain.access import FIRST_ROLES
from console.domain.announcements import institution_from
from console.domain.audit import By, Deed
from console.domain.entities import NewEntity
from console.domain.institutions import HEAD_OFFICE, Institution, Level
from console.domain.local_operators import code_of, local_operators
from console.domain.operators import Operator
from loyalty_shared.kernel.clock import Clock

BY_INSTALLATION: Final = "installation"

#: Makes an entity's first operators; slow, for it hashes their passwords.
MakeOperators = Callable[[str, datetime], list[Operator]]


def operators_from(seed: str, hash_password: Callable[[str], str]) -> MakeOperators:
    """Return what makes the operators that the installation's seed gives."""
    return lambda legal_entity, now: local_operators(seed, legal_entity, hash_password, now)


def furnish(work: UnitOfWork, entity: NewEntity, operators: Sequence[Operator], now: datetime) -> None:
    """Give the entity what it lacks of that, and tell every service of its head office."""
    by = By(who=BY_INSTALLATION)
    known = {role.code for role in work.roles.list(entity.legal_entity)}
    for role in FIRST_ROLES:
        if role.code not in known:
            work.roles.save(entity.legal_entity, role)
    head_office = None
    if not work.institutions.tree_for_update(entity.legal_entity):
        head_office = Institution(institution=HEAD_OFFICE, parent=None, names=entity.names, level=Level.HEAD_OFFICE)
        work.institutions.save(entity.legal_entity, head_office)
        shown = show_institution(head_office, (HEAD_OFFICE,))
        work.audit.note(Deed(legal_entity=entity.legal_entity, action="institution.opened", subject=HEAD_OFFICE, after=shown), by, now)
    for operator in operators:
        if work.operators.add(operator):
            deed = Deed(legal_entity=entity.legal_entity, action="operator.created", subject=operator.operator, after=show_operator(operator))
            work.audit.note(deed, by, now)
    if head_office is not None:
        work.announcements.post([institution_from(entity.legal_entity, head_office)], now)


@dataclass(frozen=True, slots=True, kw_only=True)
class FurnishEntities:
    """Gives every entity what it lacks of a head office, the first roles and operators. Safe to run at every start, and by two processes at once."""

    begin: BeginUnitOfWork
    clock: Clock
    make_operators: MakeOperators

    def __call__(self) -> None:
        with self.begin() as work:
            codes = work.entities.list_codes()
            lacking = [code for code in codes if any(work.operators.find(code_of(code, role.code)) is None for role in FIRST_ROLES)]
        now = self.clock.now()
        made = {code: self.make_operators(code, now) for code in lacking}  # hashing takes its time: in no transaction
        for code in lacking:
            with self.begin() as work:
                entity = work.entities.find(code)
                assert entity is not None
                furnish(work, entity, made[code], now)
