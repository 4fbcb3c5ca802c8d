"""What a write tells a use case of its caller, and how a use case refuses."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from console.application.ports import BeginUnitOfWork, UnitOfWork
from console.domain.audit import By
from console.domain.refusals import Refusal
from loyalty_shared.web.idempotency import Answer, Idempotency


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Which write this is, by whom and from where, and how far the caller's credential reaches. `institutions` None: the whole entity."""

    idempotency: Idempotency
    by: By
    functions: frozenset[str]
    entities: frozenset[str]
    institutions: frozenset[str] | None

    @property
    def legal_entity(self) -> str:
        return self.idempotency.legal_entity

    def reaches(self, institution: str) -> bool:
        """Tell whether the institution's data are the caller's to see and change."""
        return self.institutions is None or institution in self.institutions


def refused(refusal: Refusal, path: str, fault: str, remedy: str) -> Answer:
    """Return the answer that refuses, naming the field, the fault, and what to do."""
    return refused_for(refusal, [(path, fault)], remedy)


def refused_for(refusal: Refusal, faults: list[tuple[str, str]], remedy: str) -> Answer:
    """Return the answer that refuses for several faults, each `(path, fault)`."""
    reasons: list[dict[str, Any]] = [{"path": path, "fault": fault, "remedy": remedy} for path, fault in faults]
    return Answer({"reasons": reasons}, refusal)


def answer_once(begin: BeginUnitOfWork, call: Idempotency, now: datetime, decide: Callable[[UnitOfWork], Answer]) -> Answer:
    """Return what the write comes to, done and kept in one transaction; a repeat gets the first answer, refusals included, and does nothing."""
    with begin() as work:
        if (earlier := work.answers.find(call)) is not None:
            return earlier
        return work.answers.keep(call, decide(work), now)
