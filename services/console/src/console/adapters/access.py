"""Institutions, roles and operators, over one transaction's cursor."""

from collections.abc import Collection
from typing import Any, Final

import msgspec
from psycopg2.extensions import cursor as Cursor

from console.domain.access import Role, Scope
from console.domain.institutions import Institution, InstitutionStatus, Level, Tree
from console.domain.operators import Operator, OperatorStatus

#: First half of the advisory lock's key, so that it meets no other kind of lock.
TREE_LOCK_CLASS: Final = 7_101

_HOLD_TREE: Final = "select pg_advisory_xact_lock(%s, hashtext(%s))"
_TREE: Final = "select institution, parent, names, level, status, cost_centre from institution where legal_entity = %s"
_SAVE_INSTITUTION: Final = """
insert into institution (legal_entity, institution, parent, names, level, status, cost_centre) values (%s, %s, %s, %s, %s, %s, %s)
on conflict (legal_entity, institution) do update set parent = excluded.parent, names = excluded.names, level = excluded.level, status = excluded.status,
    cost_centre = excluded.cost_centre
"""
_ROLES: Final = "select code, names, functions, scope from role where legal_entity = %s"
_SAVE_ROLE: Final = """
insert into role (legal_entity, code, names, functions, scope) values (%s, %s, %s, %s, %s)
on conflict (legal_entity, code) do update set names = excluded.names, functions = excluded.functions, scope = excluded.scope
"""
OPERATOR_COLUMNS: Final = "operator, legal_entity, institution, name, roles, password_hashes, status, failed_sign_ins, last_signed_in_at, created_at"
_ADD_OPERATOR: Final = f"insert into operator ({OPERATOR_COLUMNS}) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing"
_SAVE_OPERATOR: Final = """
update operator set institution = %s, name = %s, roles = %s, password_hashes = %s, status = %s, failed_sign_ins = %s, last_signed_in_at = %s
where operator = %s
"""


def _text_of(names: Any) -> str:
    return msgspec.json.encode(names).decode()


class SqlInstitutions:
    """The trees of institutions."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def tree(self, legal_entity: str) -> Tree:
        self._cursor.execute(_TREE, (legal_entity,))
        return {
            code: Institution(institution=code, parent=parent, names=names, level=Level(level), status=InstitutionStatus(status), cost_centre=cost_centre)
            for code, parent, names, level, status, cost_centre in self._cursor.fetchall()
        }

    def tree_for_update(self, legal_entity: str) -> Tree:
        self._cursor.execute(_HOLD_TREE, (TREE_LOCK_CLASS, legal_entity))
        return self.tree(legal_entity)

    def save(self, legal_entity: str, institution: Institution) -> None:
        one = institution
        self._cursor.execute(_SAVE_INSTITUTION, (legal_entity, one.institution, one.parent, _text_of(one.names), one.level, one.status, one.cost_centre))


class SqlRoles:
    """The roles of each entity."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def list(self, legal_entity: str) -> list[Role]:
        self._cursor.execute(f"{_ROLES} order by code", (legal_entity,))
        return [Role(code=code, names=names, functions=tuple(functions), scope=Scope(scope)) for code, names, functions, scope in self._cursor.fetchall()]

    def find_all(self, legal_entity: str, codes: Collection[str]) -> dict[str, Role]:
        return {role.code: role for role in self.list(legal_entity) if role.code in codes}

    def save(self, legal_entity: str, role: Role) -> None:
        self._cursor.execute(_SAVE_ROLE, (legal_entity, role.code, _text_of(role.names), list(role.functions), role.scope))


class SqlOperators:
    """The people who may sign in."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def find(self, operator: str) -> Operator | None:
        return self._one("where operator = %s", operator)

    def find_for_update(self, operator: str) -> Operator | None:
        return self._one("where operator = %s for update", operator)

    def add(self, operator: Operator) -> bool:
        one = operator
        self._cursor.execute(
            _ADD_OPERATOR,
            (
                one.operator,
                one.legal_entity,
                one.institution,
                one.name,
                list(one.roles),
                list(one.password_hashes),
                one.status,
                one.failed_sign_ins,
                one.last_signed_in_at,
                one.created_at,
            ),
        )
        return self._cursor.rowcount == 1

    def save(self, operator: Operator) -> None:
        one = operator
        values = (one.institution, one.name, list(one.roles), list(one.password_hashes), one.status, one.failed_sign_ins, one.last_signed_in_at, one.operator)
        self._cursor.execute(_SAVE_OPERATOR, values)

    def list_with_role(self, legal_entity: str, role: str) -> list[Operator]:
        self._cursor.execute(f"select {OPERATOR_COLUMNS} from operator where legal_entity = %s and %s = any(roles) order by operator", (legal_entity, role))
        return [operator_from(row) for row in self._cursor.fetchall()]

    def count_active_at(self, legal_entity: str, institution: str) -> int:
        self._cursor.execute(
            "select count(*) from operator where legal_entity = %s and institution = %s and status <> 'disabled'",
            (legal_entity, institution),
        )
        row = self._cursor.fetchone()
        assert row is not None
        number: int = row[0]
        return number

    def _one(self, where: str, operator: str) -> Operator | None:
        self._cursor.execute(f"select {OPERATOR_COLUMNS} from operator {where}", (operator,))
        row = self._cursor.fetchone()
        return operator_from(row) if row else None


def operator_from(row: tuple[Any, ...]) -> Operator:
    """Return the operator of a row of OPERATOR_COLUMNS."""
    code, legal_entity, institution, name, roles, hashes, status, failures, last_signed_in_at, created_at = row
    return Operator(
        operator=code,
        legal_entity=legal_entity,
        institution=institution,
        name=name,
        roles=tuple(roles),
        password_hashes=tuple(hashes),
        status=OperatorStatus(status),
        failed_sign_ins=failures,
        last_signed_in_at=last_signed_in_at,
        created_at=created_at,
    )
