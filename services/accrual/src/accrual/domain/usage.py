"""What a customer's limits by period have used: counters by rule, in one document for each month (the `usage` row)."""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Final

from accrual.domain.decision import Given
from loyalty_shared.contracts.core import TransactionPostedV1

if TYPE_CHECKING:
    from accrual.domain.rule_set import RuleSet


def month_of(on: date) -> str:
    """Return the name of the usage document that a transaction of this date writes: "2026-03"."""
    return f"{on.year:04d}-{on.month:02d}"


class Usage:
    """One customer's counters: month > {"<counter>": points of the month, "<counter>#<day>": points of the day}; a counter is a rule's code, with the account or merchant when the limit's scope says so."""

    __slots__ = ("changed", "months")

    def __init__(self, months: dict[str, dict[str, int]]) -> None:
        self.months = months
        self.changed: set[str] = set()

    def add(self, applied: Sequence[Given], event: TransactionPostedV1, on: date, rules: "RuleSet") -> None:
        """Count what a decision gave, by transaction date; a refund's negative points are given back, in the period of its original, whose `event`, `on` and `rules` these are."""
        for given in applied:
            counters = rules.counters_of(given.rule_no, event)
            if not counters:
                continue
            month = month_of(on)
            document = self.months.setdefault(month, {})
            for counter in counters:
                for key in (counter, f"{counter}#{on.day:02d}"):
                    left = document.get(key, 0) + given.points
                    if left:
                        document[key] = left
                    else:
                        document.pop(key, None)
            self.changed.add(month)


#: For events whose date has no limit by period: read by decisions, never written.
NO_USAGE: Final = Usage({})
