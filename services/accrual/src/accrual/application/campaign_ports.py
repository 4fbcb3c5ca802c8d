"""What the use cases of campaigns, and decisions under budgets, need of the world."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol

from accrual.application.budget_book import BudgetBook, CampaignKey
from accrual.application.campaign_records import BudgetUse, CampaignRecord
from accrual.domain.campaign import Campaign


class Campaigns(Protocol):
    """The versions of campaigns and their uploaded lists. Changes are made under the lock of the entity's rules."""

    def keep_list(self, customers: Collection[str]) -> int:
        """Keep an uploaded list for ever and return its number."""
        ...

    def listed(self, record: CampaignRecord) -> frozenset[str]:
        """Return the customers of a version's list; none where it has none."""
        ...

    def add(self, record: CampaignRecord) -> CampaignRecord:
        """Keep a campaign as the next version of its code; the record's number and version are given to it here."""
        ...

    def save(self, record: CampaignRecord) -> None:
        """Keep a version's new status, checker and stop."""
        ...

    def find(self, legal_entity: str, code: str, version: int) -> CampaignRecord | None:
        """Return one version, or None."""
        ...

    def list_in_force(self, legal_entity: str, codes: Collection[str]) -> list[CampaignRecord]:
        """Return of each of these campaigns the version in force; none of one that is not known."""
        ...

    def list_page(self, legal_entity: str, after: str | None, limit: int) -> list[CampaignRecord]:
        """Return of each campaign the version in force, by code, after the given one."""
        ...

    def list_by_entity(self) -> Mapping[str, Sequence[CampaignRecord]]:
        """Return of every campaign of every entity the version in force."""
        ...

    def list_versions(self, legal_entity: str, code: str, limit: int) -> list[CampaignRecord]:
        """Return a campaign's versions, latest first."""
        ...

    def is_named(self, legal_entity: str, code: str) -> bool:
        """Tell whether a rule that is or was approved names the campaign."""
        ...

    def load(self, legal_entity: str, codes: Collection[str]) -> Mapping[str, Campaign]:
        """Return these campaigns as they are in force, for rules that no rule set has yet."""
        ...


class Budgets(Protocol):
    """Campaigns' budgets, in leases by worker (`adapters/budgets.py`)."""

    def read(self, budgets: Mapping[CampaignKey, int], worker: int) -> BudgetBook:
        """Return the worker's leases of these budgets (in points), without locking any."""
        ...

    def post(self, book: BudgetBook) -> None:
        """Write what a batch gives and gives back, in key order. Raises BudgetShort where a lease no longer has the room."""
        ...

    def hold_pools(self, campaigns: Iterable[CampaignKey]) -> None:
        """Let nobody else draw from these budgets until the transaction ends. Taken before all other locks."""
        ...

    def draw(self, asked: Mapping[CampaignKey, int], worker: int) -> None:
        """Enlarge the worker's leases so that it can give what it asks; out of a pool that lasts no longer, what others have leased is taken back first."""
        ...

    def take_back(self, legal_entity: str, code: str) -> None:
        """Take all leases of a campaign back: its budget changes."""
        ...

    def use_of(self, legal_entity: str, codes: Iterable[str]) -> Mapping[str, BudgetUse]:
        """Return what was used of these campaigns' budgets; nothing of one that gave nothing yet."""
        ...
