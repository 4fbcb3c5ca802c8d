"""Decide a batch until what it was decided from still stands when it is written."""

from collections.abc import Callable
from typing import Final, TypeVar

from accrual.application.budget_book import BudgetShort, CampaignKey
from accrual.application.facts import UsageChanged
from accrual.application.ports import BeginUnitOfWork, UnitOfWork

#: More than a batch can need: one for usage, and for budgets one for each campaign that turns out short only after another was drawn.
ATTEMPTS_MAX: Final = 20

Came = TypeVar("Came")


def decide_until_it_stands(begin: BeginUnitOfWork, worker: int, decide: Callable[[UnitOfWork, bool], Came]) -> Came:
    """Return what `decide(work, hold_usage)` returns, in a transaction of its own that is rolled back and begun anew where it raises one of two things.

    UsageChanged: another worker has counted for one of the customers since their usage was read; the next attempt holds it. BudgetShort: the worker's leases
    do not last; before the next attempt they are enlarged, in a transaction of their own while nobody else can draw from those budgets.
    """
    hold_usage, asked = False, dict[CampaignKey, int]()
    failure: Exception | None = None
    for _ in range(ATTEMPTS_MAX):
        try:
            with begin() as work:
                if asked:
                    work.budgets.hold_pools(asked)  # first of all locks; those who only give from their leases never ask for it
                    with begin() as drawing:
                        drawing.budgets.draw(asked, worker)
                return decide(work, hold_usage)
        except UsageChanged as changed:
            failure, hold_usage = changed, True
        except BudgetShort as short:
            failure = short
            asked |= {key: max(points, asked.get(key, 0)) for key, points in short.asked.items()}
    assert failure is not None
    raise failure
