"""How often a customer's events have met a rule's other conditions (contracts.md section 4: `count.*` and `nth`)."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from typing import Final

from accrual.domain.condition import All, Any, Condition, FactTest, Not
from accrual.domain.facts import COUNT_PREFIX
from accrual.domain.limits import WHOLE, Months, day_key_of, month_of
from accrual.domain.rule import Nth, Rule
from accrual.domain.selection import tests_of

#: The period that counts everything, whatever the date.
CAMPAIGN: Final = "campaign"
#: What a counter of events ends in, where one of points ends in its scope: rule codes have no such character.
_EVENTS: Final = "~"
_ROLLING: Final = "rolling_days."
_EMPTY: Final[Mapping[str, int]] = {}


class RuleCounts:
    """The counts that a rule asks for, in its conditions or for its n-th event: `periods` ("month", "rolling_days.7"), in a fixed order."""

    __slots__ = ("_counter", "_of_campaign", "nothing_counted", "periods")

    def __init__(self, rule: Rule) -> None:
        self._counter = f"{rule.code}{_EVENTS}"
        self._of_campaign = self._counter if rule.campaign is None else f"{self._counter}%{rule.campaign}"
        self.periods = tuple(sorted(_periods_of(rule)))
        self.nothing_counted = (0,) * len(self.periods)

    def counted(self, months: Months, on: date) -> tuple[int, ...]:
        """Return how many events each period of a transaction date holds so far."""
        return tuple([self._counted_in(period, months, on) for period in self.periods])

    def documents_read(self, on: date) -> set[str]:
        """Return the usage documents that the counts of a transaction date stand in."""
        return {document for period in self.periods for document in _documents(period, on)}

    def documents_written(self, on: date) -> dict[str, tuple[str, ...]]:
        """Return by usage document the counters that an event of this date is counted in."""
        written = {month_of(on): (self._counter, self._counter + day_key_of(on))} if any(period != CAMPAIGN for period in self.periods) else {}
        return written | ({WHOLE: (self._of_campaign,)} if CAMPAIGN in self.periods else {})

    def _counted_in(self, period: str, months: Months, on: date) -> int:
        if period == CAMPAIGN:
            return months.get(WHOLE, _EMPTY).get(self._of_campaign, 0)
        days = _days(period, on)
        if days is None:
            return sum(months.get(document, _EMPTY).get(self._counter, 0) for document in _documents(period, on))
        return sum(months.get(month_of(day), _EMPTY).get(self._counter + day_key_of(day), 0) for day in days)


def _periods_of(rule: Rule) -> set[str]:
    names = {test.fact.name for test in tests_of(rule.when) if is_count(test)} | ({rule.earn.of} if isinstance(rule.earn, Nth) else set())
    return {name.removeprefix(COUNT_PREFIX) for name in names}


def _days(period: str, on: date) -> Iterable[date] | None:
    """Return the days of a period that is counted by day; None of one that is made of whole usage documents."""
    if period == "day":
        return (on,)
    if period == "week":
        monday = on - timedelta(days=on.weekday())
        return [monday + timedelta(days=number) for number in range(7)]
    if period.startswith(_ROLLING):
        return [on - timedelta(days=back) for back in range(int(period.removeprefix(_ROLLING)))]
    return None


def _documents(period: str, on: date) -> set[str]:
    days = _days(period, on)
    if days is not None:
        return {month_of(day) for day in days}
    if period == CAMPAIGN:
        return {WHOLE}
    return {month_of(on)} if period == "month" else {f"{on.year:04d}-{month:02d}" for month in range(1, 13)}


def is_count(test: FactTest) -> bool:
    """Tell whether a test asks for a count."""
    return test.fact.name.startswith(COUNT_PREFIX)


def pruned(condition: Condition, goes: Callable[[FactTest], bool]) -> Condition:
    """Return a condition without the tests that go: each disappears from the all, any or not it stands in, and they with it when that leaves them empty."""
    return _pruned(condition, goes) or All(())


def _pruned(condition: Condition, goes: Callable[[FactTest], bool]) -> Condition | None:
    match condition:
        case FactTest():
            return None if goes(condition) else condition
        case Not(part):
            rest = _pruned(part, goes)
            return None if rest is None else Not(rest)
        case All(parts):
            left = tuple([rest for part in parts if (rest := _pruned(part, goes)) is not None])
            return None if parts and not left else All(left)
        case Any(parts):
            left = tuple([rest for part in parts if (rest := _pruned(part, goes)) is not None])
            return None if parts and not left else Any(left)
