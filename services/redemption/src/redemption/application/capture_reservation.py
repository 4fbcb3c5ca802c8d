"""Capture a reservation: spend what it holds, or part of it and release the rest."""

from dataclasses import dataclass
from typing import Any

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.idempotency import Answer
from redemption.application.answering import refused, shown, shown_spender
from redemption.application.online_ports import BeginOnlineWork, Call, NewId
from redemption.domain.holds import HoldStatus, decide_capture
from redemption.domain.lots import total
from redemption.domain.refusals import Refusal
from redemption.domain.spending import Redemption, origin_of_redemption


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureReservation:
    """Turns a hold into a redemption of `points` (None: all); the rest is the customer's again. Needs no serial: a hold is captured once."""

    begin: BeginOnlineWork
    clock: Clock
    new_id: NewId

    def __call__(self, call: Call, reservation_id: str, points: int | None) -> Answer:
        with self.begin() as work:
            if (earlier := work.answers.find(call.idempotency)) is not None:
                return earlier
            found = work.holds.find_for_update(call.legal_entity, reservation_id)
            now = self.clock.now()
            if found is None:
                return work.answers.keep(call.idempotency, refused(Refusal.RESERVATION_UNKNOWN), now)
            account, hold = found
            capture = decide_capture(hold, points, now)
            if isinstance(capture, Refusal):
                return work.answers.keep(call.idempotency, refused(capture), now)
            redemption = Redemption(
                redemption_id=self.new_id(),
                customer_no=hold.customer_no,
                points=total(capture.taken),
                application=hold.application,
                business_on=account.business_on,
                taken=capture.taken,
                left=capture.taken,
                merchant_no=hold.merchant_no,
                counted_on=hold.counted_on,
                spent_by=hold.spent_by,
            )
            account.capture(capture.taken, origin_of_redemption(redemption, call.channel))
            account.release(capture.released)
            work.holds.end(call.legal_entity, reservation_id, HoldStatus.CAPTURED, now, redemption.redemption_id)
            work.redemptions.add(call.legal_entity, redemption, call.channel, now)
            work.accounts.post(account, now)
            body: dict[str, Any] = {
                "reservation_id": reservation_id,
                "status": HoldStatus.CAPTURED,
                "redemption_id": redemption.redemption_id,
                "points": redemption.points,
                "lots": shown(capture.taken),
                **shown_spender(hold.spent_by),
            }
            return work.answers.keep(call.idempotency, Answer(body), now)
