"""The limits of a rule at work: what they have used, what room they leave, and what they let through."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Final

from accrual.domain.rule import Limit, Over, Per, Rule, Scope
from loyalty_shared.contracts.core import TransactionPostedV1

#: Month > counters: the usage documents of one customer (see `usage`).
Months = Mapping[str, Mapping[str, int]]

_EMPTY: Final[Mapping[str, int]] = {}
_DAY_KEYS: Final = tuple(f"#{day:02d}" for day in range(32))


def month_of(on: date) -> str:
    """Return the name of the usage document that a transaction of this date writes: "2026-03"."""
    return f"{on.year:04d}-{on.month:02d}"


def day_key_of(on: date) -> str:
    """Return what a counter's name ends in when it counts one day of its month: "#05"."""
    return _DAY_KEYS[on.day]


def months_read(limit: Limit, on: date) -> set[str]:
    """Return the usage documents that a limit reads for a transaction date."""
    match limit.per:
        case Per.TRANSACTION:
            return set()
        case Per.DAY | Per.MONTH:
            return {month_of(on)}
        case Per.YEAR:
            return {f"{on.year:04d}-{month:02d}" for month in range(1, 13)}
        case Per.ROLLING_DAYS:
            return {month_of(day) for day in _window(limit, on)}


def _window(limit: Limit, on: date) -> list[date]:
    days = limit.days or 1
    return [on - timedelta(days=back) for back in range(days)]


class LimitStep:
    """One limit that points pass. `number`: its place among the rule's limits by period; None: a limit per transaction."""

    __slots__ = ("limit", "number", "points", "rejects")

    def __init__(self, limit: Limit, number: int | None) -> None:
        self.limit = limit
        self.number = number
        self.points = limit.points
        self.rejects = limit.over is Over.REJECT

    def used_of(self, used: Sequence[int]) -> int:
        """Return what this limit had used, of what all limits by period had."""
        return 0 if self.number is None else used[self.number]

    def allow(self, points: int, used: int) -> int:
        """Return the points that pass: all within the room that is left; above it the room, or nothing when the limit rejects."""
        room = self.points - used
        if points <= room:
            return points
        return 0 if self.rejects or room < 0 else room


class RuleLimits:
    """The limits of one rule, in the order of its document: points pass them one after the other."""

    __slots__ = ("by_period", "code", "nothing_used", "scopes", "steps")

    def __init__(self, rule: Rule) -> None:
        self.code = rule.code
        self.by_period: tuple[Limit, ...] = tuple(limit for limit in rule.limits if limit.per is not Per.TRANSACTION)
        self.nothing_used = (0,) * len(self.by_period)
        self.scopes = tuple(dict.fromkeys(limit.scope for limit in self.by_period))
        numbers = iter(range(len(self.by_period)))
        self.steps = tuple(LimitStep(limit, None if limit.per is Per.TRANSACTION else next(numbers)) for limit in rule.limits)

    def counters(self, event: TransactionPostedV1) -> tuple[str, ...]:
        """Return the counters that this rule's points are counted in, one for each scope of its limits."""
        return tuple([counter_of(self.code, scope, event) for scope in self.scopes])

    def used(self, months: Months, event: TransactionPostedV1, on: date, month: str, day_key: str) -> tuple[int, ...]:
        """Return what each limit by period had used before a transaction; `month` and `day_key` are of its date `on`."""
        this_month = months.get(month, _EMPTY)
        used = []
        for limit in self.by_period:
            counter = self.code if limit.scope is Scope.CUSTOMER else counter_of(self.code, limit.scope, event)
            match limit.per:
                case Per.DAY:
                    used.append(this_month.get(counter + day_key, 0))
                case Per.MONTH:
                    used.append(this_month.get(counter, 0))
                case Per.YEAR:
                    used.append(sum(months.get(name, _EMPTY).get(counter, 0) for name in months_read(limit, on)))
                case _:
                    used.append(sum(months.get(month_of(day), _EMPTY).get(counter + day_key_of(day), 0) for day in _window(limit, on)))
        return tuple(used)

    def allow(self, points: int, used: Sequence[int]) -> int:
        """Return the points that pass all limits."""
        for step in self.steps:
            points = step.allow(points, step.used_of(used))
        return points


def counter_of(code: str, scope: Scope, event: TransactionPostedV1) -> str:
    """Return the counter of a rule's points in a limit's scope; purchases without a merchant share one."""
    if scope is Scope.CUSTOMER:
        return code
    return f"{code}@{event.account_no}" if scope is Scope.ACCOUNT else f"{code}@@{event.merchant_no or ''}"
