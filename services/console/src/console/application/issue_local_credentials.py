"""Use case: issue the credentials for local use that the installation's seed gives."""

from dataclasses import dataclass

from console.application.ports import BeginUnitOfWork
from console.domain.announcements import issued_from
from console.domain.local_credentials import credentials_to_issue
from loyalty_shared.kernel.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueLocalCredentials:
    """Issues what the entities' roles lack; a changed seed gives each credential a new token, bound as it was. Safe to run at every start."""

    begin: BeginUnitOfWork
    clock: Clock
    seed: str

    def __call__(self) -> None:
        with self.begin() as work:
            known = work.credentials.list_for_update()
            issued = credentials_to_issue(self.seed, work.entities.list_codes(), known)
            for credential in issued:
                work.credentials.issue(credential)
            if issued:
                work.announcements.post([issued_from(credential) for credential in issued], self.clock.now())
