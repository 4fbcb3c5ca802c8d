"""Refund a redemption: give points back, in parts and on any date, until the original is exhausted."""

from dataclasses import dataclass

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.idempotency import Answer
from redemption.application.answering import answer_of_arrival, conclude, shown
from redemption.application.online_ports import BeginOnlineWork, Call, Made, NewId
from redemption.domain.refusals import Refusal
from redemption.domain.reversals import Effect, Serial
from redemption.domain.spending import Refund, decide_refund, origin_of_refund


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundRedemption:
    """Restores the lots that a redemption took, last taken first; what has lapsed meanwhile expires at once."""

    begin: BeginOnlineWork
    clock: Clock
    new_id: NewId

    def __call__(self, call: Call, redemption_id: str, points: int, serial: Serial) -> Answer:
        with self.begin() as work:
            if (earlier := work.answers.find(call.idempotency)) is not None:
                return earlier
            opened = work.open(call, [serial])
            if (earlier := answer_of_arrival(work, call, opened.kept[0], self.clock.now())) is not None:
                return earlier
            found = work.redemptions.find_for_update(call.legal_entity, redemption_id)
            now = self.clock.now()
            if found is None:
                return conclude(work, call, serial, Refusal.REDEMPTION_UNKNOWN, now)
            account, redemption = found
            given = decide_refund(redemption, points)
            if isinstance(given, Refusal):
                return conclude(work, call, serial, given, now)
            refund = Refund(refund_id=self.new_id(), redemption_id=redemption_id, points=points, restored=given.restored)
            account.give(given.restored, origin_of_refund(redemption, refund, call.channel))
            work.redemptions.change(call.legal_entity, given.redemption)
            work.redemptions.add_refund(call.legal_entity, refund, call.channel, now)
            work.accounts.post(account, now)
            body = {
                "refund_id": refund.refund_id,
                "redemption_id": redemption_id,
                "status": "refunded",
                "points": points,
                "points_left": given.redemption.points_left,
                "lots": shown(given.restored),
            }
            return conclude(work, call, serial, (body, Made(Effect.REFUND, refund.refund_id, redemption.customer_no)), now)
