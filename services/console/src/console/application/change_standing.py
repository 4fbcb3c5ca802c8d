"""Use case: an administrator disables, enables, locks or unlocks an operator."""

from dataclasses import dataclass

from console.application.calls import Call, answer_once, refused
from console.application.end_sessions import end_sessions
from console.application.ports import BeginUnitOfWork, UnitOfWork
from console.application.reach import find_within_reach
from console.domain.audit import Deed
from console.domain.operators import Change, OperatorStatus, decide_change
from console.domain.refusals import Refusal
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.idempotency import Answer

_PAST = {Change.DISABLE: "disabled", Change.ENABLE: "enabled", Change.LOCK: "locked", Change.UNLOCK: "unlocked"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeStanding:
    """Changes whether an operator may sign in; one who may not has no session either. What is so already stays so.

    Refusals: `operator-unknown`, `beyond-your-scope`, `operator-disabled`, `own-operator`.
    """

    begin: BeginUnitOfWork
    clock: Clock

    def __call__(self, call: Call, code: str, change: Change) -> Answer:
        now = self.clock.now()

        def decide(work: UnitOfWork) -> Answer:
            operator = find_within_reach(work, call, code)
            if isinstance(operator, Answer):
                return operator
            after = decide_change(operator, change, by=call.by.who)
            if isinstance(after, Refusal):
                return refused(after, "path.operator", f"{code} is {operator.status}", "Another administrator, or enabling first, may do.")
            if after != operator:
                work.operators.save(after)
                before, now_is = {"status": operator.status}, {"status": after.status}
                deed = Deed(legal_entity=call.legal_entity, action=f"operator.{_PAST[change]}", subject=code, before=before, after=now_is)
                work.audit.note(deed, call.by, now)
                if after.status is not OperatorStatus.ACTIVE:
                    end_sessions(work, work.credentials.list_sessions(now, operator=code), now)
            return Answer({"operator": code, "status": after.status})

        return answer_once(self.begin, call.idempotency, now, decide)
