"""Quotes: how many points and how much cash pay an amount, at a rate that is honoured until the quote lapses."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from redemption.domain.applications import Application, Rate, Spent
from redemption.domain.refusals import Refusal

#: Long enough to choose and confirm; a rate is promised for so long.
QUOTE_LIFETIME: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What was offered: `points` and `cash_minor` together pay `amount_minor`. `used_by`: the reservation or redemption that was made at it."""

    quote_id: str
    customer_no: str
    application: str
    points: int
    amount_minor: int
    cash_minor: int
    rate: Rate
    step_up: bool
    expires_at: datetime
    used_by: str | None = None


def decide_quoted_points(application: Application, rate: Rate, amount_minor: int, asked: int | None, available: int, spent: Spent) -> int | Refusal:
    """Return how many points are offered for an amount: those asked for, unless they are worth more than points may pay; else as many as can be spent.

    What points may pay is `maximum_share_percent` of the amount, rounded down. To pay all of an amount the last point may be worth more than what is left.
    """
    terms = application.terms
    if terms.maximum_share_percent is None:
        most = -(-amount_minor * rate.points // rate.amount_minor)
    else:
        most = amount_minor * terms.maximum_share_percent // 100 * rate.points // rate.amount_minor
    if asked is not None:
        return asked if asked <= most else Refusal.LIMIT_EXCEEDED
    rooms = (application.points_max, _room(terms.per_day, spent.day), _room(terms.per_month, spent.month))
    points = min(most, available, *(room for room in rooms if room is not None))
    points -= points % (application.step or 1)
    if points < (application.minimum or 1):
        return Refusal.INSUFFICIENT_POINTS if available < (application.minimum or 1) else Refusal.BELOW_MINIMUM
    return points


def _room(bound: int | None, used: int) -> int | None:
    return None if bound is None else max(bound - used, 0)


def cash_left(rate: Rate, amount_minor: int, points: int) -> int:
    """Return what points leave of an amount to be paid in cash: what they are worth is rounded down to a minor unit."""
    return amount_minor - min(points * rate.amount_minor // rate.points, amount_minor)


def refusal_of_quote(quote: Quote | None, customer_no: str, application: str, points: int, now: datetime) -> Refusal | None:
    """Return why points are not reserved at a quote; None of the quote: there is none of that id."""
    if quote is None:
        return Refusal.QUOTE_UNKNOWN
    if (customer_no, application, points) != (quote.customer_no, quote.application, quote.points):
        return Refusal.QUOTE_DIFFERS
    if quote.used_by is not None:
        return Refusal.QUOTE_USED
    return Refusal.QUOTE_EXPIRED if now >= quote.expires_at else None
