"""Stop a campaign from a transaction date on."""

from dataclasses import dataclass, replace
from datetime import date, datetime

from accrual.application.campaign_changes import change_campaigns, publish, standing, unknown
from accrual.application.campaign_records import CampaignStatus
from accrual.application.ports import BeginUnitOfWork, UnitOfWork
from accrual.application.refusals import Refusal
from accrual.application.rule_changes import Call, refused
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.idempotency import Answer


@dataclass(frozen=True, slots=True)
class StopCampaign:
    """Stops a campaign: from transaction date `on` (included) its rules give nothing. What was decided stays."""

    begin: BeginUnitOfWork
    clock: Clock

    def __call__(self, legal_entity: str, code: str, on: date, call: Call) -> Answer:
        """Return the version in force as stopped; or `campaign-unknown`, `campaign-already-stopped`."""

        def stop(work: UnitOfWork, now: datetime) -> Answer:
            record = next(iter(work.campaigns.list_in_force(legal_entity, [code])), None)
            if record is None:
                return unknown(code)
            if record.status is CampaignStatus.STOPPED:
                remedy = "Post a new version to go on."
                return refused(Refusal.CAMPAIGN_ALREADY_STOPPED, "path.code", f"it is stopped from {record.stopped_on} on", remedy)
            stopped = replace(record, status=CampaignStatus.STOPPED, stopped_on=on)
            work.campaigns.save(stopped)
            if work.campaigns.is_named(legal_entity, code):
                publish(work, legal_entity, now)
            return standing(stopped, stopped_on=on)

        return change_campaigns(self.begin, self.clock, call, legal_entity, stop)
