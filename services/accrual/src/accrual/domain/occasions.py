"""Behaviours and balances, as what is decided like a transaction: their rules, limits, stacking and dates are the same (contracts.md section 4: `on`)."""

from calendar import monthrange
from datetime import date, datetime, time
from fractions import Fraction
from typing import Final
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from accrual.domain.month_average import MonthAverage
from accrual.domain.trigger import Trigger
from loyalty_shared.contracts.core import BehaviourOccurredV1, CustomerChangedV1, TransactionPostedV1

#: The currency of a behaviour, which has no amount: rules on behaviours look at none.
CURRENCY_OF_BEHAVIOURS: Final = "CNY"
#: The account of a behaviour, which is of none.
NO_ACCOUNT: Final = "-"
#: When a month's balances are decided as of: the last second of its last day.
DAYS_END: Final = time(23, 59, 59)

_TOTAL: Final = "total_minor"
_DAYS: Final = "days"


class Behaviour(TransactionPostedV1, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """A behaviour: `transaction_no` is its number, `transaction_code` and `product_code` its code, `transaction_at` when it occurred; it has no amount."""


class MonthBalance(TransactionPostedV1, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """The average daily balance of one account over one month, decided on the month's last day.

    `transaction_no` is `<account_no>:<YYYY-MM>`, `amount_minor` the average rounded down. What it is the average of stands in `attributes`: the sum of the
    days' balances and the days.
    """

    @property
    def exact_minor(self) -> Fraction:
        """Return the average as it is, never below zero: points are rounded once, and not the average before them."""
        return Fraction(max(0, self.attributes[_TOTAL]), self.attributes[_DAYS])


def trigger_of(event: TransactionPostedV1) -> Trigger:
    """Return which rules decide an event."""
    if isinstance(event, Behaviour):
        return Trigger.BEHAVIOUR
    return Trigger.BALANCE if isinstance(event, MonthBalance) else Trigger.TRANSACTION


def behaviour_from(event: BehaviourOccurredV1, zone: ZoneInfo, customer: CustomerChangedV1 | None) -> Behaviour:
    """Return a behaviour as it is decided; `customer`: the facts of the moment it occurred.

    Its institution is the customer's, else the attribute `institution`, else the legal entity's code; its channel the attribute `channel`, else its source
    system.
    """
    known = customer.institution if customer is not None else None
    return Behaviour(
        legal_entity=event.legal_entity,
        source_system=event.source_system,
        transaction_no=event.behaviour_no,
        customer_no=event.customer_no,
        account_no=NO_ACCOUNT,
        product_code=event.behaviour_code,
        transaction_code=event.behaviour_code,
        channel=_text(event.attributes.get("channel")) or event.source_system,
        institution=known or _text(event.attributes.get("institution")) or event.legal_entity,
        direction="credit",
        amount_minor=0,
        currency=CURRENCY_OF_BEHAVIOURS,
        transaction_at=event.occurred_at,
        posted_on=event.occurred_at.astimezone(zone).date(),
        attributes=event.attributes,
    )


def month_balance_from(legal_entity: str, average: MonthAverage, zone: ZoneInfo, customer: CustomerChangedV1 | None) -> MonthBalance:
    """Return an account's month as it is decided; `customer`: the facts of the month's last day. Its channel is the source system of the balances."""
    last = average.last
    month, on = average.first_on.strftime("%Y-%m"), last_day_of(average.first_on)
    known = customer.institution if customer is not None else None
    return MonthBalance(
        legal_entity=legal_entity,
        source_system=last.source_system,
        transaction_no=f"{last.account_no}:{month}",
        customer_no=last.customer_no,
        account_no=last.account_no,
        product_code=last.product_code,
        transaction_code="BALANCE",
        channel=last.source_system,
        institution=known or legal_entity,
        direction="credit",
        amount_minor=max(0, average.total_minor) // average.days,
        currency=last.currency,
        transaction_at=datetime.combine(on, DAYS_END, zone),
        posted_on=on,
        attributes={_TOTAL: average.total_minor, _DAYS: average.days},
    )


def with_average(event: MonthBalance, average: MonthAverage) -> MonthBalance:
    """Return a month's balance with another average."""
    attributes = {_TOTAL: average.total_minor, _DAYS: average.days}
    return replace(event, amount_minor=max(0, average.total_minor) // average.days, attributes=attributes)


def last_day_of(first_on: date) -> date:
    """Return the last day of the month that begins on a date."""
    return first_on.replace(day=monthrange(first_on.year, first_on.month)[1])


def _text(value: object) -> str | None:
    """Return a code that upstream wrote into an attribute; None when it is no text of a code's length."""
    return value if isinstance(value, str) and 1 <= len(value) <= 64 else None
