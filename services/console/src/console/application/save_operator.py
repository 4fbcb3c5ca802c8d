"""Use cases: an administrator creates an operator, or changes where they belong and what they may."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from console.application.calls import Call, answer_once, refused, refused_for
from console.application.end_sessions import end_sessions
from console.application.ports import BeginUnitOfWork, Passwords, UnitOfWork
from console.application.reach import find_within_reach, may_give
from console.application.set_password import REMEDY, faults_of
from console.application.shown import show_operator
from console.domain.audit import Deed
from console.domain.institutions import InstitutionStatus
from console.domain.operators import Operator, OperatorStatus
from console.domain.refusals import Refusal
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.idempotency import Answer


def _refusal_of(work: UnitOfWork, call: Call, institution: str, roles: Sequence[str]) -> Answer | None:
    """Return why the caller may not have an operator belong there with those roles, or None."""
    at = work.institutions.tree_for_update(call.legal_entity).get(institution)
    if at is None:
        return refused(Refusal.INSTITUTION_UNKNOWN, "body.institution", f"no institution {institution}", "GET institutions lists them.")
    if at.status is InstitutionStatus.CLOSED:
        return refused(Refusal.INSTITUTION_CLOSED, "body.institution", f"{institution} is closed", "Name one that is open.")
    if not call.reaches(institution):
        return refused(Refusal.BEYOND_YOUR_SCOPE, "body.institution", f"{institution} is beyond yours", "Name one within your own scope.")
    known = work.roles.find_all(call.legal_entity, roles)
    for index, code in enumerate(roles):
        if code not in known:
            return refused(Refusal.ROLE_UNKNOWN, f"body.roles.{index}", f"no role {code}", "GET roles lists them.")
        if not may_give(call, known[code].scope):
            return refused(Refusal.BEYOND_YOUR_SCOPE, f"body.roles.{index}", f"{code} reaches further than you do", "Leave it out.")
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateOperator:
    """Creates an operator. Refusals: `operator-exists`, `role-unknown`, `institution-unknown`, `institution-closed`, `password-not-accepted`,
    `beyond-your-scope`."""

    begin: BeginUnitOfWork
    clock: Clock
    passwords: Passwords

    def __call__(self, call: Call, code: str, name: str, institution: str, roles: Sequence[str], password: str) -> Answer:
        faults = faults_of(self.passwords, password, code, None)
        password_hash = self.passwords.hash(password)
        now = self.clock.now()

        def decide(work: UnitOfWork) -> Answer:
            if faults:
                return refused_for(Refusal.PASSWORD_NOT_ACCEPTED, [("body.password", fault) for fault in faults], REMEDY)
            if (refusal := _refusal_of(work, call, institution, roles)) is not None:
                return refusal
            operator = Operator(
                operator=code,
                legal_entity=call.legal_entity,
                institution=institution,
                name=name,
                roles=tuple(dict.fromkeys(roles)),
                password_hashes=(password_hash,),
                status=OperatorStatus.ACTIVE,
                failed_sign_ins=0,
                last_signed_in_at=None,
                created_at=now,
            )
            if not work.operators.add(operator):
                return refused(Refusal.OPERATOR_EXISTS, "body.operator", f"{code} is taken", "Choose another code.")
            shown = show_operator(operator)
            work.audit.note(Deed(legal_entity=call.legal_entity, action="operator.created", subject=code, after=shown), call.by, now)
            return Answer(shown)

        return answer_once(self.begin, call.idempotency, now, decide)


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateOperator:
    """Changes an operator's name, institution and roles, and ends their sessions. Refusals: as creating, `operator-unknown`, `own-operator`."""

    begin: BeginUnitOfWork
    clock: Clock

    def __call__(self, call: Call, code: str, name: str, institution: str, roles: Sequence[str]) -> Answer:
        now = self.clock.now()

        def decide(work: UnitOfWork) -> Answer:
            if (refusal := _refusal_of(work, call, institution, roles)) is not None:
                return refusal
            operator = find_within_reach(work, call, code)
            if isinstance(operator, Answer):
                return operator
            if call.by.who == operator.credential:
                return refused(Refusal.OWN_OPERATOR, "path.operator", "nobody changes their own roles", "Have another administrator do it.")
            after = replace(operator, name=name, institution=institution, roles=tuple(dict.fromkeys(roles)))
            work.operators.save(after)
            deed = Deed(legal_entity=call.legal_entity, action="operator.changed", subject=code, before=show_operator(operator), after=show_operator(after))
            work.audit.note(deed, call.by, now)
            end_sessions(work, work.credentials.list_sessions(now, operator=code), now)
            return Answer(show_operator(after))

        return answer_once(self.begin, call.idempotency, now, decide)
