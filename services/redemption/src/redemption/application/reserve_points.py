"""Reserve points: set them aside until they are captured, released, or their time is up."""

from dataclasses import dataclass
from typing import Any

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.idempotency import Answer
from redemption.application.answering import answer_of_arrival, conclude, shown_spender
from redemption.application.online_ports import BeginOnlineWork, Call, Made, NewId
from redemption.application.quote_points import shown_quote
from redemption.application.spending_checks import Spending, find_quoted, pick_asked
from redemption.domain.holds import Hold, HoldStatus
from redemption.domain.quoting import Quote
from redemption.domain.refusals import Refusal
from redemption.domain.reversals import Effect
from redemption.domain.spending import refusal_of_merchant


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservePoints:
    """Holds a customer's points for an application. The lots are fixed now; what is held can be captured even when it has lapsed meanwhile."""

    begin: BeginOnlineWork
    clock: Clock
    new_id: NewId

    def __call__(self, call: Call, asked: Spending) -> Answer:
        with self.begin() as work:
            if (earlier := work.answers.find(call.idempotency)) is not None:
                return earlier
            opened = work.open(call, [asked.serial], asked.application)
            if (earlier := answer_of_arrival(work, call, opened.kept[0], self.clock.now())) is not None:
                return earlier
            merchant_no = asked.merchant_no
            if merchant_no is not None and (refusal := refusal_of_merchant(work.merchants.find_status(call.legal_entity, merchant_no))) is not None:
                return conclude(work, call, asked.serial, refusal, self.clock.now())
            account = work.accounts.find_for_update(call.legal_entity, asked.payer_no, opened.entity.business_on)
            now = self.clock.now()
            if account is None:
                return conclude(work, call, asked.serial, asked.refusal_without_account, now)
            work.holds.end_expired(account, now)
            quote = find_quoted(work, call, asked, now)
            lots = quote if isinstance(quote, Refusal) else pick_asked(work, call, account, opened.application, asked)
            if isinstance(lots, Refusal):
                work.accounts.post(account, now)  # what the holds that ended gave back
                return conclude(work, call, asked.serial, lots, now)
            account.hold(lots)
            hold = Hold(
                reservation_id=self.new_id(),
                customer_no=asked.payer_no,
                points=asked.points,
                application=asked.application,
                channel=call.channel,
                lots=lots,
                expires_at=now + asked.expires_in,
                status=HoldStatus.RESERVED,
                merchant_no=asked.merchant_no,
                counted_on=opened.entity.business_on,
                quote_id=asked.quote_id,
                spent_by=asked.spent_by(account),
            )
            work.holds.add(call.legal_entity, hold, now)
            work.accounts.post(account, now)
            body: dict[str, Any] = {
                "reservation_id": hold.reservation_id,
                "status": hold.status,
                "points": hold.points,
                "expires_at": hold.expires_at,
                "step_up_required": opened.application is not None and opened.application.asks_step_up(hold.points),
                **shown_spender(hold.spent_by),
            }
            if isinstance(quote, Quote):
                work.quotes.use(call.legal_entity, quote.quote_id, hold.reservation_id)
                body |= {"step_up_required": quote.step_up, "quote": shown_quote(quote)}
            return conclude(work, call, asked.serial, (body, Made(Effect.RESERVATION, hold.reservation_id, hold.customer_no)), now)
