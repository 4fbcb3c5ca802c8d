"""Approve or reject a changed version of a campaign that approved rules name."""

from dataclasses import dataclass, replace
from datetime import datetime

from accrual.application.campaign_changes import change_campaigns, publish, standing, unknown
from accrual.application.campaign_records import CampaignStatus
from accrual.application.ports import BeginUnitOfWork, UnitOfWork
from accrual.application.refusals import Refusal
from accrual.application.rule_changes import Call, refused
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.idempotency import Answer


@dataclass(frozen=True, slots=True)
class CheckCampaign:
    """Decides on what somebody else made. An event published after an approval has answered is decided within the new version."""

    begin: BeginUnitOfWork
    clock: Clock
    status: CampaignStatus

    def __call__(self, legal_entity: str, code: str, version: int, call: Call) -> Answer:
        """Return the version as `active` or `rejected`; or `campaign-unknown`, `maker-cannot-approve`, `campaign-not-pending`."""

        def check(work: UnitOfWork, now: datetime) -> Answer:
            record = work.campaigns.find(legal_entity, code, version)
            if record is None:
                return unknown(code, version)
            if record.made_by == call.credential:
                return refused(Refusal.MAKER_CANNOT_APPROVE, "header.Authorization", "this credential made the version", "Have another person check it.")
            if not call.may_check:
                return refused(Refusal.FUNCTION_NOT_GRANTED, "header.Authorization", "the credential lacks it", "Use a credential with function checker.")
            in_force = next(iter(work.campaigns.list_in_force(legal_entity, [code])), None)
            is_overtaken = in_force is not None and in_force.version > version
            if record.status is not CampaignStatus.PENDING or is_overtaken:
                fault = f"version {in_force.version} is in force" if in_force is not None and is_overtaken else f"it is {record.status}"
                return refused(Refusal.CAMPAIGN_NOT_PENDING, "path.version", fault, "Post a new version.")
            checked = replace(record, status=self.status, checked_by=call.credential, checked_at=now)
            work.campaigns.save(checked)
            if self.status is CampaignStatus.ACTIVE:
                work.budgets.take_back(legal_entity, code)  # what was leased of the old budget may be more than the new one has
                publish(work, legal_entity, now)
            return standing(checked)

        return change_campaigns(self.begin, self.clock, call, legal_entity, check)
