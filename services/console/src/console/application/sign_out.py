"""Use case: an operator ends their session."""

from dataclasses import dataclass

from console.application.end_sessions import end_sessions
from console.application.ports import BeginUnitOfWork
from console.domain.audit import By, Deed
from console.domain.refusals import Refusal
from loyalty_shared.kernel.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOut:
    """Ends the session whose token has that SHA-256, here and at every service. Refusal: `not-a-session`."""

    begin: BeginUnitOfWork
    clock: Clock

    def __call__(self, token_sha256: str, by: By) -> Refusal | None:
        now = self.clock.now()
        with self.begin() as work:
            session = work.credentials.find_session(token_sha256)
            operator = work.operators.find(session.operator) if session is not None and session.operator is not None else None
            if session is None or operator is None:
                return Refusal.NOT_A_SESSION
            deed = Deed(legal_entity=operator.legal_entity, action="session.ended", subject=operator.operator, after={"session": session.credential})
            work.audit.note(deed, by, now)
            end_sessions(work, [session], now)
        return None
