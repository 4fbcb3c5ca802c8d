"""Use case: an administrator makes a role, or changes what it grants."""

from dataclasses import dataclass

from console.application.calls import Call, answer_once, refused
from console.application.end_sessions import end_sessions
from console.application.ports import BeginUnitOfWork, UnitOfWork
from console.application.reach import is_within_reach, may_give
from console.application.shown import show_role
from console.domain.access import Role
from console.domain.audit import Deed
from console.domain.refusals import Refusal
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.idempotency import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveRole:
    """Makes the role so, and ends the sessions of those who have it.

    Refusals: `beyond-your-scope` (the role's, or that of an operator who has it), `own-operator` (the caller has the role themselves).
    """

    begin: BeginUnitOfWork
    clock: Clock

    def __call__(self, call: Call, role: Role) -> Answer:
        now = self.clock.now()

        def decide(work: UnitOfWork) -> Answer:
            before = work.roles.find_all(call.legal_entity, [role.code]).get(role.code)
            for scope in (role.scope, before.scope if before else role.scope):
                if not may_give(call, scope):
                    fault, remedy = f"{scope} reaches further than you do, or is the sponsor's to give", "Give a narrower scope."
                    return refused(Refusal.BEYOND_YOUR_SCOPE, "body.scope", fault, remedy)
            holders = work.operators.list_with_role(call.legal_entity, role.code)
            if before != role and any(holder.credential == call.by.who for holder in holders):
                return refused(Refusal.OWN_OPERATOR, "path.code", "you have this role yourself", "Have another administrator do it.")
            if before != role and not all(is_within_reach(work, call, holder) for holder in holders):
                fault, remedy = "operators beyond your reach have this role", "Make another role, or have an administrator who reaches them do it."
                return refused(Refusal.BEYOND_YOUR_SCOPE, "path.code", fault, remedy)
            if before != role:
                work.roles.save(call.legal_entity, role)
                action = "role.changed" if before else "role.created"
                deed = Deed(
                    legal_entity=call.legal_entity, action=action, subject=role.code, before=show_role(before) if before else None, after=show_role(role)
                )
                work.audit.note(deed, call.by, now)
                end_sessions(work, [session for holder in holders for session in work.credentials.list_sessions(now, operator=holder.operator)], now)
            return Answer(show_role(role))

        return answer_once(self.begin, call.idempotency, now, decide)
