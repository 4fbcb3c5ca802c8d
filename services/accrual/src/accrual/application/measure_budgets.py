"""Tell how many campaigns are near the end of their budgets."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from accrual.application.campaign_records import BudgetUse, CampaignStatus
from accrual.application.ports import BeginUnitOfWork
from accrual.domain.campaign_document import CampaignRead, campaign_from_document

#: From this part of its budget on a campaign is nearly spent.
NEARLY_SPENT: Final = Fraction(9, 10)


@dataclass(frozen=True, slots=True)
class MeasureBudgets:
    """Counts campaigns by what is left of their budgets."""

    begin: BeginUnitOfWork

    def __call__(self) -> int:
        """Return how many campaigns in force, of all entities, have used NEARLY_SPENT of their budgets or more; spent and stopped ones are not counted."""
        nearly = 0
        with self.begin() as work:
            for legal_entity, records in work.campaigns.list_by_entity().items():
                use = work.budgets.use_of(legal_entity, [record.code for record in records])
                for record in records:
                    read = campaign_from_document(record.document)
                    budget = read.campaign.budget if isinstance(read, CampaignRead) and record.status is CampaignStatus.ACTIVE else None
                    if budget is not None:
                        used = use.get(record.code, BudgetUse()).points
                        nearly += NEARLY_SPENT * budget.total_points <= used < budget.total_points
        return nearly
