"""What every change of a campaign has alike: the key first, one change of the entity's rules at a time, the rule set that binds the campaigns anew."""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

from accrual.application.campaign_records import CampaignRecord, CampaignStatus
from accrual.application.ports import BeginUnitOfWork, UnitOfWork
from accrual.application.refusals import NOT_KEPT, Refusal
from accrual.application.rule_changes import Call, refused
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.idempotency import Answer


def change_campaigns(begin: BeginUnitOfWork, clock: Clock, call: Call, legal_entity: str, change: Callable[[UnitOfWork, datetime], Answer]) -> Answer:
    """Do one step on a campaign, under the lock of the entity's rules, and keep its answer."""
    with begin() as work:
        earlier = work.answers.find(call.idempotency)
        if earlier is not None:
            return earlier
        work.entities.get(legal_entity)
        work.rule_versions.lock(legal_entity)
        now = clock.now()
        answer = change(work, now)
        return answer if answer.refusal in NOT_KEPT else work.answers.keep(call.idempotency, answer, now)


def add_version(work: UnitOfWork, legal_entity: str, document: dict[str, Any], customers: Collection[str] | None, call: Call, at: datetime) -> Answer:
    """Keep a campaign's next version: in force at once, or pending where a rule that is or was approved names it. `customers`: its list, if it has one."""
    status = CampaignStatus.PENDING if work.campaigns.is_named(legal_entity, document["code"]) else CampaignStatus.ACTIVE
    record = CampaignRecord(
        campaign_no=0,
        legal_entity=legal_entity,
        code=document["code"],
        version=0,
        document=document,
        list_no=None if customers is None else work.campaigns.keep_list(customers),
        listed=None,
        status=status,
        made_by=call.credential,
        made_at=at,
    )
    return standing(work.campaigns.add(record))


def publish(work: UnitOfWork, legal_entity: str, at: datetime) -> None:
    """Make the rule set that binds the entity's campaigns as they are now."""
    work.rule_versions.publish(legal_entity, work.rule_versions.list_in_force(legal_entity), at)


def standing(record: CampaignRecord, **more: Any) -> Answer:
    """Return where a version stands now."""
    return Answer({"code": record.code, "version": record.version, "status": record.status, **more})


def unknown(code: str, version: int | None = None) -> Answer:
    """Return the refusal of a campaign, or a version of one, that there is not."""
    fault = f"there is no campaign {code}" if version is None else f"campaign {code} has no version {version}"
    return refused(Refusal.CAMPAIGN_UNKNOWN, "path.code" if version is None else "path.version", fault, "GET campaigns lists those there are.")
