"""What a customer's limits by period have used: counters by rule, in one document for each month (the `usage` row)."""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Final, Protocol

from accrual.domain.decision import Given, Used
from accrual.domain.limits import day_key_of, month_of
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
            return rule.limits.nothing_used
        return rule.limits.used(self.months, event, rules.on, rules.month, rules.day_key)

    def add(self, applied: Sequence[Given], event: TransactionPostedV1, on: date, rules: "RuleSet") -> None:
        """Count what a decision gave, by transaction date.

        A refund's points are negative and so given back, in its original's period: `event`, `on` and `rules` are the original's.
        """
        for given in applied:
            counters = rules.counters_of(given.rule_no, event)
            if not counters or not given.points:
                continue
            month = month_of(on)
            document = self.months.setdefault(month, {})
            for counter in counters:
                for key in (counter, counter + day_key_of(on)):
                    total = document.get(key, 0) + given.points
                    if total:
                        document[key] = total
                    else:
                        document.pop(key, None)
            self.changed.add(month)


class UsageBefore:
    """What the limits had used at the moment of an earlier decision, as stored with it."""

    __slots__ = ("_used",)

    def __init__(self, used: Used) -> None:
        self._used = used

    def used_by(self, rule: "LiveRule", event: TransactionPostedV1, rules: "RulesOnDate") -> tuple[int, ...]:
        """Return the points used at that moment."""
        return self._used.get(rule.rule_no, rule.limits.nothing_used)


#: For events whose date has no limit by period: read by decisions, never written.
NO_USAGE: Final = Usage({})
