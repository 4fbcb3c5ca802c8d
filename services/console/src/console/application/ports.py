"""What the console's use cases need of the world, in their own words: one transaction, and the entities, credentials and announcements in it."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import Protocol

from console.application.access_ports import Institutions, Operators, Passwords, Roles
from console.application.desk_ports import Approvals, AuditTrail, JobRuns, Parameters, Schedules
from console.domain.announcements import Announcement
from console.domain.entities import Advance, NewEntity
from console.domain.local_credentials import Credential
from loyalty_shared.web.idempotency import Answer, Idempotency

__all__ = ["BeginUnitOfWork", "Passwords", "UnitOfWork"]


class KeptAnswers(Protocol):
    """The answers that writes have had, by Idempotency-Key."""

    def find(self, call: Idempotency) -> Answer | None: ...
    def keep(self, call: Idempotency, answer: Answer, at: datetime) -> Answer: ...


class Entities(Protocol):
    """The legal entities of this installation, and every business date they have had."""

    def list_codes(self) -> list[str]: ...

    def find(self, legal_entity: str) -> NewEntity | None:
        """Return the entity as it is now, its business date included."""
        ...

    def find_last_closed_on(self, legal_entity: str) -> date | None:
        """Return the business date before the present one; None while the entity is on its first."""
        ...

    def find_business_on_for_update(self, legal_entity: str) -> date | None:
        """Return the business date, None for an unknown entity; no posting and no other advance happens until the transaction ends."""
        ...

    def open(self, entity: NewEntity, *, by: str, at: datetime) -> bool:
        """Open the entity; False when its code is taken."""
        ...

    def advance(self, legal_entity: str, advance: Advance, *, by: str, at: datetime) -> None: ...
    def keep_years(self, legal_entity: str, retention_years: int) -> None: ...


class IssuedCredentials(Protocol):
    """The credentials that callers may use, operators' sessions among them."""

    def list_for_update(self) -> dict[str, Credential]:
        """Return all of systems by name; no other transaction issues any until this one ends."""
        ...

    def list_sessions(self, now: datetime, *, operator: str | None = None, narrow_in: str | None = None) -> list[Credential]:
        """Return the sessions that are not over: of an operator, or those in an entity that see only some institutions."""
        ...

    def find_session(self, token_sha256: str) -> Credential | None: ...

    def issue(self, credential: Credential) -> None:
        """Make the credential valid, or take it back, as it stands, whatever it was before."""
        ...


class Announcements(Protocol):
    """What the relay will publish on `loyalty.console.parameters`."""

    def post(self, announcements: Sequence[Announcement], at: datetime) -> None: ...


class UnitOfWork(Protocol):
    """One transaction on the console's database."""

    @property
    def answers(self) -> KeptAnswers: ...
    @property
    def entities(self) -> Entities: ...
    @property
    def credentials(self) -> IssuedCredentials: ...
    @property
    def announcements(self) -> Announcements: ...
    @property
    def institutions(self) -> Institutions: ...
    @property
    def roles(self) -> Roles: ...
    @property
    def operators(self) -> Operators: ...
    @property
    def parameters(self) -> Parameters: ...
    @property
    def approvals(self) -> Approvals: ...
    @property
    def audit(self) -> AuditTrail: ...
    @property
    def runs(self) -> JobRuns: ...
    @property
    def schedules(self) -> Schedules: ...


BeginUnitOfWork = Callable[[], AbstractContextManager[UnitOfWork]]
