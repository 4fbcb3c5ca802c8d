"""A version of a campaign, and who did what to it."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from msgspec import Struct


class CampaignStatus(StrEnum):
    """How far a version has come: `pending` waits for a checker; of the `active` and `stopped` ones the highest is in force."""

    PENDING = "pending"
    ACTIVE = "active"
    REJECTED = "rejected"
    STOPPED = "stopped"


#: The statuses of versions that are, or were, in force.
IN_FORCE = (CampaignStatus.ACTIVE, CampaignStatus.STOPPED)


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignRecord:
    """One version of a campaign. `document` is as sent, but for the customers listed, which stand in the list `list_no`: `listed` of them."""

    campaign_no: int
    legal_entity: str
    code: str
    version: int
    document: dict[str, Any]
    list_no: int | None
    listed: int | None
    status: CampaignStatus
    made_by: str
    made_at: datetime
    checked_by: str | None = None
    checked_at: datetime | None = None
    stopped_on: date | None = None


class BudgetUse(Struct, frozen=True):
    """What was used of a campaign's budget: `points` in all, and `by_day` on each business date on which something was, oldest first."""

    points: int = 0
    by_day: tuple[tuple[date, int], ...] = ()
