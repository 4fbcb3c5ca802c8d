"""The average daily balance of an account over a month (contracts.md section 4: `on` balance)."""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from loyalty_shared.contracts.core import BalanceClosedV1


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthAverage:
    """The sum of an account's balances at the end of each of the month's `days`. `last`: the latest balance up to the month's end."""

    first_on: date
    total_minor: int
    days: int
    last: BalanceClosedV1


def month_average(first_on: date, balances: Sequence[BalanceClosedV1]) -> MonthAverage:
    """Return the average over the month that begins on `first_on`.

    `balances`: at least one, by date: the account's latest before the month, when there is one, and all those of the month. A day without a balance has that
    of the day before; none before it: 0. An account has one currency: days whose balance is in another than the latest count as 0.
    """
    days = monthrange(first_on.year, first_on.month)[1]
    last = balances[-1]
    total = 0
    until = days + 1  # the first day of the month, counted from 1, that a later balance covers
    for balance in reversed(balances):
        since = balance.balance_on.day if balance.balance_on >= first_on else 1
        if balance.currency == last.currency:
            total += balance.balance_minor * (until - since)
        until = since
    return MonthAverage(first_on=first_on, total_minor=total, days=days, last=last)
