"""What the operators' desk keeps, as use cases see it: parameters, approvals, the audit trail, the jobs' runs."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Protocol

from console.domain.approvals import Approval, Kind
from console.domain.audit import By, Deed
from console.domain.jobs import Run, RunStatus, StartedHow
from console.domain.parameters import ParameterVersion, VersionStatus


class Parameters(Protocol):
    """Every version of every parameter."""

    def list_versions(self, legal_entity: str, name: str) -> list[ParameterVersion]: ...

    def add(self, legal_entity: str, name: str, value: Any, effective_on: date, approval_id: str) -> ParameterVersion:
        """Add a pending version, numbered after the last."""
        ...

    def decide(self, legal_entity: str, approval_id: str, status: VersionStatus) -> ParameterVersion:
        """Give the version that the approval is about its status and return it."""
        ...


class Approvals(Protocol):
    """Requests that wait for a second pair of eyes, or have had it."""

    def add(self, legal_entity: str, kind: Kind, subject: str, before: Any, after: Any, reason: str | None, *, by: str, at: datetime) -> Approval: ...
    def find_for_update(self, legal_entity: str, approval_id: str) -> Approval | None: ...
    def save(self, approval: Approval) -> None: ...


class AuditTrail(Protocol):
    """Who did what. What is noted commits with what was done, or not at all."""

    def note(self, deed: Deed, by: By, at: datetime) -> None: ...


class JobRuns(Protocol):
    """The runs of jobs; each is claimed by one console at a time."""

    def add(self, legal_entity: str, job: str, service: str, on: date, *, by: str, how: StartedHow, at: datetime) -> Run: ...

    def claim(self, owner: str, now: datetime) -> Run | None:
        """Claim the next run that is due, for as long as a lease lasts, and count the attempt; None: nothing is due.

        One job of one entity is never run twice at a time. A run whose lease has ended is due again.
        """
        ...

    def renew(self, run: Run, owner: str, now: datetime) -> bool:
        """Hold the run for as long again; False when another has taken it up."""
        ...

    def finish(self, run: Run, owner: str, status: RunStatus, detail: str, now: datetime, next_attempt_at: datetime | None) -> bool:
        """Write what the attempt came to; False when another has taken the run up meanwhile."""
        ...


class Schedules(Protocol):
    """When jobs start by themselves."""

    def save(self, legal_entity: str, job: str, cron: str | None, next_at: datetime | None) -> None: ...

    def list_due_for_update(self, now: datetime) -> Sequence[tuple[str, str, str]]:
        """Return (entity, job, cron) of what is due; another console that looks at the same time gets others."""
        ...
