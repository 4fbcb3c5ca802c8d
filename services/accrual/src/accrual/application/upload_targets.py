"""Give a campaign an uploaded list of customers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from accrual.application.campaign_changes import add_version, change_campaigns, unknown
from accrual.application.campaign_records import CampaignStatus
from accrual.application.ports import BeginUnitOfWork, UnitOfWork
from accrual.application.refusals import Refusal
from accrual.application.rule_changes import Call, refused
from accrual.application.save_rule import reasons_of
from accrual.domain.campaign_document import CUSTOMERS_MAX, read_customers
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.idempotency import Answer

#: How far back a version to take the rest of the campaign from is looked for.
VERSIONS_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class UploadTargets:
    """Makes the campaign's next version: as the latest one, for the listed customers. The list it had is kept for the decisions that saw it."""

    begin: BeginUnitOfWork
    clock: Clock

    def __call__(self, legal_entity: str, code: str, customers: Sequence[str], call: Call, *, adds: bool) -> Answer:
        """Return the campaign's code, version and status; or `campaign-unknown`, `campaign-not-valid`. `adds`: to the list that the latest version has."""
        listed = read_customers(list(customers), "customers")
        if not isinstance(listed, frozenset):
            return Answer({"reasons": reasons_of(listed, "body", "campaign")}, Refusal.CAMPAIGN_NOT_VALID)

        def upload(work: UnitOfWork, now: datetime) -> Answer:
            versions = work.campaigns.list_versions(legal_entity, code, VERSIONS_MAX)
            latest = next((version for version in versions if version.status is not CampaignStatus.REJECTED), None)
            if latest is None:
                return unknown(code)
            whole = listed | work.campaigns.listed(latest) if adds else listed
            if len(whole) > CUSTOMERS_MAX:
                fault = f"with those that it has the list would hold {len(whole)} customers; it takes {CUSTOMERS_MAX}"
                return refused(Refusal.CAMPAIGN_NOT_VALID, "body.customers", fault, "Make two campaigns of it, or target a tag.")
            return add_version(work, legal_entity, latest.document, whole, call, now)

        return change_campaigns(self.begin, self.clock, call, legal_entity, upload)
