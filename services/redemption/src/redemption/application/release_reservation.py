"""Release a reservation: what it holds is the customer's again."""

from dataclasses import dataclass

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.idempotency import Answer
from redemption.application.answering import refused
from redemption.application.online_ports import BeginOnlineWork, Call
from redemption.domain.holds import HoldStatus, decide_release
from redemption.domain.refusals import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseReservation:
    """Ends a hold without spending. A hold that was released, or whose time was up, is answered alike: its points are free."""

    begin: BeginOnlineWork
    clock: Clock

    def __call__(self, call: Call, reservation_id: str) -> Answer:
        with self.begin() as work:
            if (earlier := work.answers.find(call.idempotency)) is not None:
                return earlier
            found = work.holds.find_for_update(call.legal_entity, reservation_id)
            now = self.clock.now()
            if found is None:
                return work.answers.keep(call.idempotency, refused(Refusal.RESERVATION_UNKNOWN), now)
            account, hold = found
            released = decide_release(hold, now)
            if isinstance(released, Refusal):
                return work.answers.keep(call.idempotency, refused(released), now)
            if released:
                account.release(released)
                work.holds.end(call.legal_entity, reservation_id, HoldStatus.RELEASED, now)
                work.accounts.post(account, now)
            body = {"reservation_id": reservation_id, "status": HoldStatus.RELEASED, "points": hold.points}
            return work.answers.keep(call.idempotency, Answer(body), now)
