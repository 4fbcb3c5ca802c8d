"""What the console's use cases need of the world, in their own words."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import Protocol

from console.domain.announcements import Announcement
from console.domain.entities import Advance, NewEntity
from console.domain.local_credentials import Credential
from loyalty_shared.web.idempotency import Answer, Idempotency


class KeptAnswers(Protocol):
    """The answers that writes have had, by Idempotency-Key."""

    def find(self, call: Idempotency) -> Answer | None: ...
    def keep(self, call: Idempotency, answer: Answer, at: datetime) -> Answer: ...


class Entities(Protocol):
    """The legal entities of this installation, and every business date they have had."""

    def list_codes(self) -> list[str]: ...

    def find_business_on_for_update(self, legal_entity: str) -> date | None:
        """Return the business date, None for an unknown entity; no posting and no other advance happens until the transaction ends."""
        ...

    def open(self, entity: NewEntity, *, by: str, at: datetime) -> bool:
        """Open the entity; False when its code is taken."""
        ...

    def advance(self, legal_entity: str, advance: Advance, *, by: str, at: datetime) -> None: ...


class IssuedCredentials(Protocol):
    """The credentials that callers may use."""

    def list_for_update(self) -> dict[str, Credential]:
        """Return all by name; no other transaction issues any until this one ends."""
        ...

    def issue(self, credential: Credential) -> None:
        """Make the credential valid as it stands, whatever it was before."""
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


BeginUnitOfWork = Callable[[], AbstractContextManager[UnitOfWork]]
