"""Months' balances as those that have come by now make them: for what is decided anew."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from msgspec import structs

from accrual.application.history import Past, PastCustomer
from accrual.application.month_balances import AccountMonth
from accrual.application.ports import UnitOfWork
from accrual.domain.month_average import MonthAverage, month_average
from accrual.domain.occasions import MonthBalance, with_average


def with_balances_of_now(work: UnitOfWork, legal_entity: str, customers: Sequence[PastCustomer]) -> Sequence[PastCustomer]:
    """Return the customers' events with the averages of now: balances may have come after their month was decided."""
    accounts: defaultdict[date, set[str]] = defaultdict(set)
    for customer in customers:
        for past in customer.events:
            if isinstance(past.event, MonthBalance):
                accounts[past.event.posted_on.replace(day=1)].add(past.event.account_no)
    if not accounts:
        return customers
    averages: dict[AccountMonth, MonthAverage] = {}
    for first_on, of_month in accounts.items():
        months = [AccountMonth(account_no, first_on) for account_no in sorted(of_month)]
        averages |= {month: month_average(first_on, balances) for month, balances in zip(months, work.balances.load(legal_entity, months), strict=True)}
    return [PastCustomer(customer.customer_no, [_of_now(past, averages) for past in customer.events]) for customer in customers]


def _of_now(past: Past, averages: dict[AccountMonth, MonthAverage]) -> Past:
    event = past.event
    if not isinstance(event, MonthBalance):
        return past
    return structs.replace(past, event=with_average(event, averages[AccountMonth(event.account_no, event.posted_on.replace(day=1))]))
