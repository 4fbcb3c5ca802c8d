"""What the use cases of extensions ask of the outside, and how an extension is shown."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import Any, Protocol

from loyalty_shared.persistence.entity_dates import Entity
from redemption.application.credit_earned_points import AccountKey
from redemption.application.ports import LedgerWork
from redemption.domain.account import Account
from redemption.domain.extending import Extension


class Extensions(Protocol):
    """The extensions that staff asked for."""

    def find(self, legal_entity: str, extension_id: str) -> Extension | None: ...

    def find_for_update(self, legal_entity: str, extension_id: str) -> Extension | None: ...

    def find_approved_for_update(self, legal_entity: str) -> Extension | None:
        """Return one that is to be carried out and that no other worker has in hand, locked; None: there is none."""
        ...

    def list_page(self, legal_entity: str, after: str | None, limit: int) -> Sequence[Extension]:
        """Return extensions, newest first, those older than `after`."""
        ...

    def add(self, legal_entity: str, extension: Extension) -> None: ...

    def change(self, legal_entity: str, extension: Extension) -> None:
        """Write what has become of a locked extension."""
        ...

    def list_customers(self, legal_entity: str, extension: Extension, on: date, limit: int) -> Sequence[str]:
        """Return customers, in key order, with points that it is for and that have not lapsed by a business date; those after `done_before`."""
        ...


class ExtendingWork(LedgerWork, Protocol):
    """One transaction on extensions and the accounts that they are for."""

    @property
    def extensions(self) -> Extensions: ...

    def lock_accounts(self, keys: Collection[AccountKey]) -> Collection[AccountKey]: ...

    def load(self, keys: Collection[AccountKey], entities: Mapping[str, Entity], at: datetime) -> Mapping[AccountKey, Account]:
        """Return locked accounts with their lots, settled to their entities' business dates."""
        ...

    def post(self, accounts: Collection[Account], at: datetime) -> None: ...


BeginExtendingWork = Callable[[], AbstractContextManager[ExtendingWork]]


def shown_extension(extension: Extension) -> dict[str, Any]:
    """Return an extension as it is shown."""
    return {
        "extension_id": extension.extension_id,
        "status": extension.status.value,
        "customer_no": extension.customer_no,
        "institution": extension.institution,
        "expires_on": extension.expires_on,
        "to": extension.extend_to,
        "reason": extension.reason,
        "asked_by": extension.asked_by,
        "asked_at": extension.asked_at,
        "decided_by": extension.decided_by,
        "decided_at": extension.decided_at,
        "accounts": extension.accounts,
        "points": extension.points,
    }
