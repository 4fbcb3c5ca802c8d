"""Use cases: an operator changes their own password; an administrator resets one."""

from dataclasses import dataclass

from console.application.calls import Call, answer_once, refused, refused_for
from console.application.end_sessions import end_sessions
from console.application.ports import BeginUnitOfWork, Passwords, UnitOfWork
from console.application.reach import find_within_reach
from console.application.shown import show_operator
from console.domain.audit import By, Deed
from console.domain.operators import PASSWORDS_REMEMBERED, Operator, password_faults, with_password
from console.domain.refusals import Refusal
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.idempotency import Answer

REMEDY = "Choose another password."


def faults_of(passwords: Passwords, password: str, code: str, known: Operator | None) -> list[str]:
    """Return why the password is not accepted for the operator, those before it included. Slow: in no transaction."""
    faults = password_faults(password, code)
    if not faults and known is not None and any(passwords.fits(earlier, password) for earlier in known.password_hashes):
        faults.append(f"was one of the last {PASSWORDS_REMEMBERED}")
    return faults


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeOwnPassword:
    """Gives the operator who calls a new password and ends their other sessions. Not kept under a key: done twice, the second finds the password used.

    Refusals: `session-refused` (the present password does not fit), `password-not-accepted`, `not-a-session`.
    """

    begin: BeginUnitOfWork
    clock: Clock
    passwords: Passwords

    def __call__(self, code: str | None, token_sha256: str, current: str, new: str, by: By) -> Answer:
        with self.begin() as work:
            known = work.operators.find(code) if code else None
        if known is None:
            return refused(Refusal.NOT_A_SESSION, "header.Authorization", "is no operator's session", "Sign in first.")
        if not self.passwords.fits(known.password_hashes[0], current):
            return refused(Refusal.SESSION_REFUSED, "body.current_password", "is not the password", "Send the present password.")
        faults = faults_of(self.passwords, new, known.operator, known)
        if faults:
            return refused_for(Refusal.PASSWORD_NOT_ACCEPTED, [("body.new_password", fault) for fault in faults], REMEDY)
        password_hash = self.passwords.hash(new)
        now = self.clock.now()
        with self.begin() as work:
            operator = work.operators.find_for_update(known.operator)
            if operator is None or operator.password_hashes != known.password_hashes:
                return refused(Refusal.SESSION_REFUSED, "body.current_password", "has just been changed", "Sign in again.")
            work.operators.save(with_password(operator, password_hash))
            work.audit.note(Deed(legal_entity=operator.legal_entity, action="operator.password-changed", subject=operator.operator), by, now)
            others = [session for session in work.credentials.list_sessions(now, operator=operator.operator) if session.token_sha256 != token_sha256]
            end_sessions(work, others, now)
        return Answer({"operator": known.operator})


@dataclass(frozen=True, slots=True, kw_only=True)
class ResetPassword:
    """Gives an operator a new password, lifts a lock, and ends their sessions. Refusals: `operator-unknown`, `beyond-your-scope`, `password-not-accepted`."""

    begin: BeginUnitOfWork
    clock: Clock
    passwords: Passwords

    def __call__(self, call: Call, code: str, password: str) -> Answer:
        with self.begin() as work:
            known = work.operators.find(code)
        faults = faults_of(self.passwords, password, code, known if known and known.legal_entity == call.legal_entity else None)
        password_hash = self.passwords.hash(password)
        now = self.clock.now()

        def decide(work: UnitOfWork) -> Answer:
            operator = find_within_reach(work, call, code)
            if isinstance(operator, Answer):
                return operator
            if faults:
                return refused_for(Refusal.PASSWORD_NOT_ACCEPTED, [("body.password", fault) for fault in faults], REMEDY)
            after = with_password(operator, password_hash)
            work.operators.save(after)
            work.audit.note(Deed(legal_entity=call.legal_entity, action="operator.password-reset", subject=code), call.by, now)
            end_sessions(work, work.credentials.list_sessions(now, operator=code), now)
            return Answer(show_operator(after))

        return answer_once(self.begin, call.idempotency, now, decide)
