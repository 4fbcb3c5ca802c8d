"""What a customer's limits by period have used: counters by rule, in one document for each month (the `usage` row)."""

from collections.abc import Sequence
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Protocol

from accrual.domain.decision import Given, Used
from accrual.domain.limits import month_of
from loyalty_shared.contracts.core import TransactionPostedV1

if TYPE_CHECKING:
    from accrual.domain.rule_set import RuleSet
    from accrual.domain.rules_in_force import LiveRule, RulesOnDate

__all__ = ["NO_USAGE", "Usage", "UsageBefore", "UsageRead", "month_of"]


class UsageRead(Protocol):
    """Tells what a rule's limits by period have used."""

    def used_by(self, rule: "LiveRule", event: TransactionPostedV1, rules: "RulesOnDate") -> tuple[int, ...]:
        """Return the points used, in the order of the rule's limits by period."""
        ...


class Usage:
    """One customer's counters, by month: {"2026-03": {"debit-base": 240, "debit-base#05": 200}}, of the month and of each day.

    A counter is a rule's code, followed by the account or merchant when the limit's scope says so.
    """

    __slots__ = ("changed", "months")

    def __init__(self, months: dict[str, dict[str, int]]) -> None:
        self.months = months
        self.changed: set[str] = set()

    def used_by(self, rule: "LiveRule", event: TransactionPostedV1, rules: "RulesOnDate") -> tuple[int, ...]:
        """Return the points used as they stand now."""
        if not self.months:
            return rule.nothing_used
        return rule.limits.used(self.months, event, rules.on, rules.month, rules.day_key)

    def add(self, applied: Sequence[Given], event: TransactionPostedV1, on: date, rules: "RuleSet") -> None:
        """Count what a decision gave, by transaction date.

        A refund's points are negative and so given back, in its original's period: `event`, `on` and `rules` are the original's.
        """
        for given in applied:
            limits = rules.counted.get(given.rule_no)
            if limits is None:
                continue
            day = rules.on_date(on)
            counters = self.months.get(day.month)
            if counters is None:
                counters = self.months[day.month] = {}
            self.changed.add(day.month)
            for counter in limits.counters(event):
                _count(counters, counter, given.points)
                _count(counters, counter + day.day_key, given.points)


class UsageBefore:
    """What the limits had used at the moment of an earlier decision, as stored with it."""

    __slots__ = ("_used",)

    def __init__(self, used: Used) -> None:
        self._used = used

    def used_by(self, rule: "LiveRule", event: TransactionPostedV1, rules: "RulesOnDate") -> tuple[int, ...]:
        """Return the points used at that moment."""
        return self._used.get(rule.rule_no, rule.nothing_used)


#: For events whose date has no limit by period: read by decisions; to count in it is a bug and raises TypeError.
NO_USAGE: Final = Usage(MappingProxyType({}))  # type: ignore[arg-type]  # read-only on purpose


def _count(counters: dict[str, int], counter: str, points: int) -> None:
    total = counters.get(counter, 0) + points
    if total:
        counters[counter] = total
    else:
        del counters[counter]  # nothing is left of what was counted
