"""Void a redemption: undo the whole of it, on the business date it was made."""

from dataclasses import dataclass

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.idempotency import Answer
from redemption.application.answering import refused, shown
from redemption.application.online_ports import BeginOnlineWork, Call
from redemption.domain.refusals import Refusal
from redemption.domain.spending import decide_void, origin_of_void


@dataclass(frozen=True, slots=True, kw_only=True)
class VoidRedemption:
    """Restores the lots that a redemption took; what has lapsed meanwhile expires at once."""

    begin: BeginOnlineWork
    clock: Clock

    def __call__(self, call: Call, redemption_id: str) -> Answer:
        with self.begin() as work:
            if (earlier := work.answers.find(call.idempotency)) is not None:
                return earlier
            found = work.redemptions.find_for_update(call.legal_entity, redemption_id)
            now = self.clock.now()
            if found is None:
                return work.answers.keep(call.idempotency, refused(Refusal.REDEMPTION_UNKNOWN), now)
            account, redemption = found
            void = decide_void(redemption, account.business_on)
            if isinstance(void, Refusal):
                return work.answers.keep(call.idempotency, refused(void), now)
            account.give(void.restored, origin_of_void(redemption, call.channel))
            work.redemptions.change(call.legal_entity, void.redemption)
            work.accounts.post(account, now)
            body = {"redemption_id": redemption_id, "status": void.redemption.status, "points": redemption.points, "lots": shown(void.restored)}
            return work.answers.keep(call.idempotency, Answer(body), now)
