"""Use case: an operator signs in with a password and gets a session."""

from collections.abc import Callable
from dataclasses import dataclass

from console.application.ports import BeginUnitOfWork, Passwords
from console.domain.access import grant_from
from console.domain.announcements import issued_from
from console.domain.audit import By, Deed
from console.domain.local_credentials import Credential
from console.domain.operators import Operator, OperatorStatus, decide_sign_in
from console.domain.refusals import Refusal
from console.domain.sessions import session_from
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.kernel.ids import new_id
from loyalty_shared.web.credentials import token_sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """The session and its token, which is kept nowhere."""

    operator: Operator
    session: Credential
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """Lets an operator in, or counts the failure: five in a row lock them. Who is unknown or disabled is told no more than who has a wrong password.

    A locked one is told so at once. Anybody may call this as often as they like: such a call costs no hash and leaves no audit record, only the metric's count.
    `new_token` makes a token that nobody can guess.
    """

    begin: BeginUnitOfWork
    clock: Clock
    passwords: Passwords
    new_token: Callable[[], str]

    def __call__(self, code: str, password: str, address: str | None, request_id: str | None) -> SignedIn | Refusal:
        with self.begin() as work:
            known = work.operators.find(code)
        if known is not None and known.status is OperatorStatus.LOCKED:
            return Refusal.SESSION_LOCKED
        password_hash = known.password_hashes[0] if known else None
        fits = self.passwords.fits(password_hash, password)  # takes a tenth of a second: in no transaction
        now = self.clock.now()
        with self.begin() as work:
            operator = work.operators.find_for_update(code)
            if operator is None:
                return Refusal.SESSION_REFUSED
            after, refusal = decide_sign_in(operator, password_fits=fits and operator.password_hashes[0] == password_hash, now=now)
            if refusal is Refusal.SESSION_LOCKED:  # by guesses made at the same time
                return refusal
            work.operators.save(after)
            by = By(who=operator.credential, address=address, request_id=request_id)
            if refusal is not None:
                action = "operator.locked" if after.status is OperatorStatus.LOCKED else "session.refused"
                deed = Deed(legal_entity=operator.legal_entity, action=action, subject=code, after={"failed_sign_ins": after.failed_sign_ins})
                work.audit.note(deed, by, now)
                return refusal
            grant = grant_from(work.roles.find_all(after.legal_entity, after.roles).values())
            token = self.new_token()
            session = session_from(
                after,
                grant,
                work.institutions.tree(after.legal_entity),
                session_id=new_id(),
                token_sha256=token_sha256(token),
                all_entities=work.entities.list_codes(),
                now=now,
            )
            work.credentials.issue(session)
            work.audit.note(Deed(legal_entity=after.legal_entity, action="session.opened", subject=code, after={"session": session.credential}), by, now)
            work.announcements.post([issued_from(session)], now)
            return SignedIn(operator=after, session=session, token=token)
