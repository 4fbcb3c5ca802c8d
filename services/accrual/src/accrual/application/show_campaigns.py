"""Show campaigns: what they are, what of their budgets was used, and how long the rest will last."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from accrual.application.campaign_records import BudgetUse, CampaignRecord
from accrual.application.ports import BeginUnitOfWork
from accrual.domain.budget_forecast import forecast
from accrual.domain.campaign import Budget
from accrual.domain.campaign_document import CampaignRead, campaign_from_document

VERSIONS_SHOWN_MAX: Final = 50


@dataclass(frozen=True, slots=True)
class ShowCampaigns:
    """Reads campaigns as they stand."""

    begin: BeginUnitOfWork

    def find(self, legal_entity: str, code: str) -> dict[str, Any] | None:
        """Return a campaign as it is in force, with its budget, and all its versions; None when there is none. Raises UnknownEntity."""
        with self.begin() as work:
            today = work.entities.get(legal_entity).business_on
            records = work.campaigns.list_in_force(legal_entity, [code])
            if not records:
                return None
            use = work.budgets.use_of(legal_entity, [code])
            versions = work.campaigns.list_versions(legal_entity, code, VERSIONS_SHOWN_MAX)
        return _shown(records[0], use, today) | {"versions": [_version(record) for record in versions]}

    def list_page(self, legal_entity: str, after: str | None, limit: int) -> Sequence[dict[str, Any]]:
        """Return campaigns as they are in force, with their budgets, by code, after the given one. Raises UnknownEntity."""
        with self.begin() as work:
            today = work.entities.get(legal_entity).business_on
            records = work.campaigns.list_page(legal_entity, after, limit)
            use = work.budgets.use_of(legal_entity, [record.code for record in records]) if records else {}
        return [_shown(record, use, today) for record in records]


def _shown(record: CampaignRecord, use: Mapping[str, BudgetUse], today: date) -> dict[str, Any]:
    read = campaign_from_document(record.document)
    assert isinstance(read, CampaignRead), f"campaign {record.campaign_no} was kept and no longer fits: {read}"
    campaign, budget = read.campaign, read.campaign.budget
    used = use.get(record.code, BudgetUse())
    left = None if budget is None else max(0, budget.total_points - used.points)
    coming = forecast(left, used.by_day, today)
    return {
        "code": record.code,
        "version": record.version,
        "status": record.status,
        "names": read.names,
        "applies": {"from": campaign.applies_from, "to": campaign.applies_to},
        "target": {"levels": campaign.target.levels, "tags": campaign.target.tags, "customers_listed": record.listed},
        "channels": campaign.channels,
        "institutions": campaign.institutions,
        "per_customer": None if campaign.per_customer is None else {"points": campaign.per_customer},
        "department": read.department,
        "budget": None if budget is None else _budget(budget, record),
        "used": _amounts(used.points, budget),
        "left": None if left is None else _amounts(left, budget),
        "forecast": {
            "points_per_day": coming.points_per_day,
            "amount_minor_per_day": None if budget is None else budget.amount_of(coming.points_per_day),
            "exhausted_on": coming.exhausted_on,
        },
        "stopped_on": record.stopped_on,
    }


def _budget(budget: Budget, record: CampaignRecord) -> dict[str, Any]:
    cost = record.document["budget"].get("cost_per_point", str(budget.cost_per_point))
    return {
        "points": budget.points,
        "amount_minor": budget.amount_minor,
        "currency": budget.currency,
        "cost_per_point": cost,
        "strict": budget.strict,
        "total_points": budget.total_points,
    }


def _amounts(points: int, budget: Budget | None) -> dict[str, Any]:
    return {"points": points, "amount_minor": None if budget is None else budget.amount_of(points), "currency": None if budget is None else budget.currency}


def _version(record: CampaignRecord) -> dict[str, Any]:
    return {
        "version": record.version,
        "status": record.status,
        "campaign": record.document,
        "customers_listed": record.listed,
        "made_by": record.made_by,
        "made_at": record.made_at,
        "checked_by": record.checked_by,
        "checked_at": record.checked_at,
        "stopped_on": record.stopped_on,
    }
