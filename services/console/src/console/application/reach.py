"""Whom an administrator may deal with: operators within their data scope who have no more than the administrator could give them."""

from console.application.calls import Call, refused
from console.application.ports import UnitOfWork
from console.domain.access import Role, Scope, may_grant
from console.domain.entities import SPONSOR
from console.domain.operators import Operator
from console.domain.refusals import Refusal
from loyalty_shared.web.idempotency import Answer


def may_give(call: Call, scope: Scope) -> bool:
    """Tell whether the caller may give a role of that scope in the entity they call."""
    return may_grant(scope, call.legal_entity, sponsor=SPONSOR, institutions=call.institutions, entities=call.entities)


def find_within_reach(work: UnitOfWork, call: Call, code: str) -> Operator | Answer:
    """Return the operator for update, or why the caller may not change them.

    Who may change an operator may become them, by a new password: so nobody changes one who has a role that the caller could not give.
    """
    operator = work.operators.find_for_update(code)
    if operator is None or operator.legal_entity != call.legal_entity:
        return refused(Refusal.OPERATOR_UNKNOWN, "path.operator", f"no operator {code}", "GET operators lists them.")
    if not call.reaches(operator.institution):
        return refused(Refusal.BEYOND_YOUR_SCOPE, "path.operator", f"{code} belongs to {operator.institution}", "Have an administrator of it do it.")
    wider = _role_beyond(work, call, operator)
    if wider is not None:
        fault = f"{code} has the role {wider.code}, which reaches further than you do"
        return refused(Refusal.BEYOND_YOUR_SCOPE, "path.operator", fault, "Have an administrator who reaches as far do it.")
    return operator


def is_within_reach(work: UnitOfWork, call: Call, operator: Operator) -> bool:
    """Tell whether the caller may change what an operator of the entity may do."""
    return call.reaches(operator.institution) and _role_beyond(work, call, operator) is None


def _role_beyond(work: UnitOfWork, call: Call, operator: Operator) -> Role | None:
    known = work.roles.find_all(call.legal_entity, operator.roles).values()
    return next((role for role in known if not may_give(call, role.scope)), None)
