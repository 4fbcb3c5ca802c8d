"""Unlock gifts: who earns in a campaign may order its gifts, and who earns may have come within reach of a wish."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from msgspec import Struct

from gift_order.application.ports import Begin
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.messaging.records import Batch

#: Redemption posts the same earnings at the same time: it is asked when it has most likely done so.
ASK_AFTER: Final = timedelta(seconds=2)


class Earned(Struct, gc=False, frozen=True):
    """What this service reads of points earned: every earning of the bank passes here, so nothing else is decoded."""

    legal_entity: str
    customer_no: str
    campaign_code: str | None = None


class ClawedBack(Struct, gc=False, frozen=True):
    """Points taken back lock nothing again."""

    legal_entity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnlockGifts:
    """Keeps who has earned in which campaign, once each, and has redemption asked for customers with open wishes. Safe to run twice."""

    begin: Begin
    clock: Clock

    def __call__(self, batch: Batch[Earned | ClawedBack]) -> None:
        earned = [event for event in batch.events if type(event) is Earned]
        in_campaigns = {(event.legal_entity, event.campaign_code, event.customer_no) for event in earned if event.campaign_code is not None}
        now = self.clock.now()
        with self.begin() as work:
            work.take_batch(batch, now)
            work.campaigns.record(in_campaigns)
            if work.wishes.has_open():
                work.wishes.ask_soon({(event.legal_entity, event.customer_no) for event in earned}, now + ASK_AFTER)
