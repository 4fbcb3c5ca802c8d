"""Keep a campaign, or a new version of one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accrual.application.campaign_changes import add_version, change_campaigns
from accrual.application.ports import BeginUnitOfWork, UnitOfWork
from accrual.application.refusals import Refusal
from accrual.application.rule_changes import Call
from accrual.application.save_rule import reasons_of
from accrual.domain.campaign_document import CampaignRead, campaign_from_document
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.idempotency import Answer


@dataclass(frozen=True, slots=True)
class PostCampaign:
    """Keeps a campaign. It gives nothing until a checker approves a rule that names it; from then on a changed version waits for a checker too."""

    begin: BeginUnitOfWork
    clock: Clock

    def __call__(self, legal_entity: str, document: dict[str, Any], call: Call) -> Answer:
        """Return the campaign's code, version and status, `active` or `pending`; or `campaign-not-valid` with the path of each fault."""
        read = campaign_from_document(document)
        if not isinstance(read, CampaignRead):
            return Answer({"reasons": reasons_of(read, "body", "campaign")}, Refusal.CAMPAIGN_NOT_VALID)
        customers = read.campaign.target.customers
        target = document.get("target")
        kept = document if customers is None or target is None else {**document, "target": {key: value for key, value in target.items() if key != "customers"}}

        def post(work: UnitOfWork, now: datetime) -> Answer:
            return add_version(work, legal_entity, kept, customers, call, now)

        return change_campaigns(self.begin, self.clock, call, legal_entity, post)
