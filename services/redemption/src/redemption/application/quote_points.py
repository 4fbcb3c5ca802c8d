"""Quote points: what points and cash would pay an amount, honoured for a while."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.idempotency import Answer
from redemption.application.answering import refused
from redemption.application.online_ports import BeginOnlineWork, Call, NewId
from redemption.application.spending_checks import pick_lots, spent_on
from redemption.domain.quoting import QUOTE_LIFETIME, Quote, cash_left, decide_quoted_points
from redemption.domain.refusals import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Quoting:
    """What a channel asks for. `points` None: as many as the customer can spend on the amount."""

    customer_no: str
    application: str
    amount_minor: int
    points: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotePoints:
    """Offers points and cash for an amount. Nothing is held: a reservation that names the quote has its rate until it lapses."""

    begin: BeginOnlineWork
    clock: Clock
    new_id: NewId

    def __call__(self, call: Call, asked: Quoting) -> Answer:
        """Return the quote; or what spending would be refused for, `no-rate` among it."""
        with self.begin() as work:
            if (earlier := work.answers.find(call.idempotency)) is not None:
                return earlier
            on = work.hold_date(call.legal_entity).business_on
            application = work.applications.find(call.legal_entity, asked.application)
            account = work.accounts.find_for_update(call.legal_entity, asked.customer_no, on)
            now = self.clock.now()

            def refuse(refusal: Refusal) -> Answer:
                return work.answers.keep(call.idempotency, refused(refusal), now)

            if account is None:
                return refuse(Refusal.CUSTOMER_UNKNOWN)
            if application is None:
                return refuse(Refusal.APPLICATION_NOT_OPEN)
            rate = application.terms.rate
            if rate is None:
                return refuse(Refusal.NO_RATE)
            work.holds.end_expired(account, now)
            work.accounts.post(account, now)  # what the holds that ended gave back
            points = decide_quoted_points(application, rate, asked.amount_minor, asked.points, account.available(), spent_on(work, account, application))
            if isinstance(points, Refusal):
                return refuse(points)
            lots = pick_lots(work, call, account, application, points, None)
            if isinstance(lots, Refusal):
                return refuse(lots)
            quote = Quote(
                quote_id=self.new_id(),
                customer_no=asked.customer_no,
                application=asked.application,
                points=points,
                amount_minor=asked.amount_minor,
                cash_minor=cash_left(rate, asked.amount_minor, points),
                rate=rate,
                step_up=application.asks_step_up(points),
                expires_at=now + QUOTE_LIFETIME,
            )
            work.quotes.add(call.legal_entity, quote, call.channel, now)
            body = {"customer_no": quote.customer_no, "application": quote.application, **shown_quote(quote), "expires_at": quote.expires_at}
            return work.answers.keep(call.idempotency, Answer(body), now)


def shown_quote(quote: Quote) -> Mapping[str, Any]:
    """Return what of a quote is shown with what is made at it: `amount_minor` is left to be paid in cash of `total_minor`."""
    return {
        "quote_id": quote.quote_id,
        "points": quote.points,
        "amount_minor": quote.cash_minor,
        "total_minor": quote.amount_minor,
        "rate": quote.rate,
        "step_up": quote.step_up,
    }
