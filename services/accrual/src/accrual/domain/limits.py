"""The limits of a rule at work: what they have used, what room they leave, and what they let through."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Final

from accrual.domain.campaign import Campaign
from accrual.domain.rule import Limit, Over, Per, Rule, Scope
from loyalty_shared.contracts.core import TransactionPostedV1

#: Month > counters: the usage documents of one customer (see `usage`).
Months = Mapping[str, Mapping[str, int]]

#: The usage document of what is counted whatever the month: the limits of campaigns, and remainders that are carried.
WHOLE: Final = "whole"

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
        case Per.CAMPAIGN:
            return {WHOLE}
        case Per.ROLLING_DAYS:
            return {month_of(day) for day in _window(limit, on)}


def _window(limit: Limit, on: date) -> list[date]:
    days = limit.days or 1
    return [on - timedelta(days=back) for back in range(days)]


#: A limit's points, whether it rejects, and its place among the rule's limits by period (None: per transaction).
_Step = tuple[int, bool, int | None]


class RuleLimits:
    """The limits of one rule, in the order of its document: points pass them one after the other. The one that a campaign's rules share comes last."""

    __slots__ = ("_by_day", "_campaign", "_limits", "_own", "_shared", "_steps", "by_period", "code", "counts_whole", "nothing_used", "scopes", "whole_scopes")

    def __init__(self, rule: Rule, campaign: Campaign | None = None) -> None:
        self.code = rule.code
        self._campaign = f"%{rule.campaign}"
        self._shared = None if campaign is None else campaign.limit_per_customer()
        self._limits = rule.limits if self._shared is None else (*rule.limits, self._shared)
        self.by_period: tuple[Limit, ...] = tuple(limit for limit in self._limits if limit.per is not Per.TRANSACTION)
        self.nothing_used = (0,) * len(self.by_period)
        #: The scopes that are counted by month and day, and those that are counted over the whole campaign.
        self.scopes = tuple(dict.fromkeys(limit.scope for limit in self.by_period if limit.per is not Per.CAMPAIGN))
        self.whole_scopes = tuple(dict.fromkeys(limit.scope for limit in rule.limits if limit.per is Per.CAMPAIGN))
        self.counts_whole = bool(self.whole_scopes) or self._shared is not None
        self._own = (rule.code,) if self.scopes == (Scope.CUSTOMER,) else None
        numbers = iter(range(len(self.by_period)))
        self._steps: tuple[_Step, ...] = tuple(
            (limit.points, limit.over is Over.REJECT, None if limit.per is Per.TRANSACTION else next(numbers)) for limit in self._limits
        )
        #: Whether each limit counts the day (else the month), when all are the customer's by day or month, as nearly all are.
        self._by_day = tuple(limit.per is Per.DAY for limit in self.by_period) if all(_counts_one_month(limit) for limit in self.by_period) else None

    def counters(self, event: TransactionPostedV1) -> tuple[str, ...]:
        """Return the counters of the month that this rule's points are counted in, one for each scope of its limits."""
        return self._own if self._own is not None else tuple([counter_of(self.code, scope, event) for scope in self.scopes])

    def whole_counters(self, event: TransactionPostedV1) -> list[str]:
        """Return the counters of the `WHOLE` document that this rule's points are counted in: "debit-base%spring", and "%spring" for all the campaign's."""
        counters = [counter_of(self.code, scope, event) + self._campaign for scope in self.whole_scopes]
        return counters if self._shared is None else [*counters, self._campaign]

    def used(self, months: Months, event: TransactionPostedV1, on: date, month: str, day_key: str) -> tuple[int, ...]:
        """Return what each limit by period had used before a transaction; `month` and `day_key` are of its date `on`."""
        if self._by_day is not None:
            counters = months.get(month, _EMPTY)
            return tuple([counters.get(self.code + day_key if by_day else self.code, 0) for by_day in self._by_day])
        return tuple([_used_by_limit(limit, self._counter(limit, event), months, on) for limit in self.by_period])

    def _counter(self, limit: Limit, event: TransactionPostedV1) -> str:
        if limit is self._shared:
            return self._campaign
        counter = counter_of(self.code, limit.scope, event)
        return counter + self._campaign if limit.per is Per.CAMPAIGN else counter

    def allow(self, points: int, used: Sequence[int]) -> int:
        """Return the points that pass all limits."""
        for step in self._steps:
            points = _pass(step, points, used)
        return points

    def allow_each(self, points: int, used: Sequence[int]) -> list[tuple[Limit, int, int]]:
        """Return for each limit what it had used and the points that passed it: for explanations."""
        passed = []
        for limit, step in zip(self._limits, self._steps, strict=True):
            points = _pass(step, points, used)
            passed.append((limit, 0 if step[2] is None else used[step[2]], points))
        return passed


def _pass(step: _Step, points: int, used: Sequence[int]) -> int:
    limit_points, rejects, number = step
    room = limit_points if number is None else limit_points - used[number]
    if points <= room:
        return points
    return 0 if rejects or room < 0 else room


def _counts_one_month(limit: Limit) -> bool:
    return limit.scope is Scope.CUSTOMER and limit.per in (Per.DAY, Per.MONTH)


def _used_by_limit(limit: Limit, counter: str, months: Months, on: date) -> int:
    match limit.per:
        case Per.DAY:
            return months.get(month_of(on), _EMPTY).get(counter + day_key_of(on), 0)
        case Per.MONTH | Per.YEAR | Per.CAMPAIGN:
            return sum(months.get(month, _EMPTY).get(counter, 0) for month in months_read(limit, on))
        case _:
            return sum(months.get(month_of(day), _EMPTY).get(counter + day_key_of(day), 0) for day in _window(limit, on))


def counter_of(code: str, scope: Scope, event: TransactionPostedV1) -> str:
    """Return the counter of a rule's points in a limit's scope; purchases without a merchant share one."""
    if scope is Scope.CUSTOMER:
        return code
    return f"{code}@{event.account_no}" if scope is Scope.ACCOUNT else f"{code}@@{event.merchant_no or ''}"
