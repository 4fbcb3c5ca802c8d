"""Prove that a condition can never hold, or holds wherever another does. Says so only where it is certain: what it cannot follow, it takes to be possible.

A condition is opened into its alternatives, each a list of tests that all hold; an alternative is impossible when some fact is left without a value.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from accrual.domain.condition import All, Condition, FactTest, Not, TestKind
from accrual.domain.condition import Any as AnyOf
from accrual.domain.facts import FactKind, find_fact
from accrual.domain.rule import Rule
from accrual.domain.trigger import Trigger

#: Alternatives looked at; a condition with more is taken to be possible.
ALTERNATIVES_MAX: Final = 2_000
#: The widest span of whole numbers whose every value is tried against the excluded ones.
SPAN_TRIED_MAX: Final = 400
#: What whole-number facts can be at all; an amount of zero earns nothing whatever the rules say.
_SPANS: Final = {"time.weekday": (1, 7), "time.hour": (0, 23), "transaction.amount_minor": (1, None), "transaction.leg": (1, None)}
_COUNTABLE: Final = (FactKind.NUMBER, FactKind.WEEKDAY)
_ORDERED: Final = (*_COUNTABLE, FactKind.DATE, FactKind.INSTANT, FactKind.TEXT)

_Literal = tuple[FactTest, bool]  # a test, and whether it has to hold or to fail


def can_hold(condition: Condition) -> bool:
    """Tell whether a condition may ever hold; False only when it certainly cannot."""
    alternatives = _alternatives(condition, holds=True)
    return alternatives is None or any(_is_possible(literals) for literals in alternatives)


def implies(one: Condition, other: Condition) -> bool:
    """Tell whether `other` holds wherever `one` does; True only when it certainly does."""
    return not can_hold(All((one, Not(other))))


def whole_condition(rule: Rule, ends_on: date | None = None) -> Condition:
    """Return what a transaction must meet for a rule to apply: its conditions, currency and dates. `ends_on`: where a stop ends it (not included)."""
    parts: list[Condition] = [rule.when]
    if rule.trigger is Trigger.TRANSACTION:
        on, currency = find_fact("transaction.transaction_on", rule.trigger), find_fact("transaction.currency", rule.trigger)
        assert on is not None
        assert currency is not None
        if not rule.converts:
            parts.append(FactTest(currency, TestKind.IS, rule.currency))
        if rule.applies_from is not None:
            parts.append(FactTest(on, TestKind.AT_LEAST, rule.applies_from))
        ends = [end for end in (rule.applies_to, ends_on) if end is not None]
        if ends:
            parts.append(FactTest(on, TestKind.BELOW, min(ends)))
    return All(tuple(parts))


def _alternatives(condition: Condition, *, holds: bool) -> list[list[_Literal]] | None:
    """Return the ways in which a condition holds (or fails); None when they are too many."""
    match condition:
        case FactTest(kind=TestKind.BETWEEN, fact=fact, operand=(low, high)) if not holds:
            return [[(FactTest(fact, TestKind.AT_LEAST, low), False)], [(FactTest(fact, TestKind.AT_MOST, high), False)]]
        case FactTest():
            return [[(condition, holds)]]
        case Not(part):
            return _alternatives(part, holds=not holds)
    opened = [_alternatives(part, holds=holds) for part in condition.parts]
    if isinstance(condition, AnyOf) is holds:
        found = [alternative for alternatives in opened if alternatives is not None for alternative in alternatives]
        return None if None in opened or len(found) > ALTERNATIVES_MAX else found
    combined: list[list[_Literal]] = [[]]
    for alternatives in opened:
        if alternatives is None or len(combined) * len(alternatives) > ALTERNATIVES_MAX:
            return None
        combined = [one + other for one in combined for other in alternatives]
    return combined


@dataclass(slots=True)
class _Values:
    """What one fact may still be. Bounds are (value, included); `chosen` None: any value within them."""

    is_countable: bool
    may_be_absent: bool
    low: tuple[Any, bool] | None = None
    high: tuple[Any, bool] | None = None
    chosen: frozenset[Any] | None = None
    excluded: set[Any] = field(default_factory=set)

    def choose(self, values: frozenset[Any]) -> None:
        self.chosen = values if self.chosen is None else self.chosen & values

    def raise_low(self, value: Any, *, included: bool) -> None:
        if self.low is None or (value, not included) > (self.low[0], not self.low[1]):
            self.low = (value, included)

    def lower_high(self, value: Any, *, included: bool) -> None:
        if self.high is None or (value, included) < self.high:
            self.high = (value, included)

    def has_one(self) -> bool:
        """Tell whether a value, or absence, is left."""
        if self.may_be_absent:
            return True
        if self.chosen is not None:
            return any(self._takes(value) for value in self.chosen)
        if self.low is None or self.high is None:
            return True
        if self.is_countable:
            first, last = self.low[0] + (not self.low[1]), self.high[0] - (not self.high[1])
            return last - first > SPAN_TRIED_MAX or any(value not in self.excluded for value in range(first, last + 1))
        if self.low[0] == self.high[0]:
            return self.low[1] and self.high[1] and self.low[0] not in self.excluded
        return bool(self.low[0] < self.high[0])

    def _takes(self, value: Any) -> bool:
        above = self.low is None or value > self.low[0] or (value == self.low[0] and self.low[1])
        below = self.high is None or value < self.high[0] or (value == self.high[0] and self.high[1])
        return above and below and value not in self.excluded


def _is_possible(literals: list[_Literal]) -> bool:
    by_fact: dict[str, _Values] = {}
    others: dict[tuple[str, TestKind, object], bool] = {}
    for test, holds in literals:
        if test.fact.kind in _ORDERED and test.kind not in (TestKind.MATCHES_DAY, TestKind.MATCHES_MONTH):
            _narrow(by_fact.setdefault(test.fact.name, _values_of(test)), test, holds=holds)
            continue
        if others.setdefault((test.fact.name, test.kind, test.operand), holds) is not holds:
            return False
    return all(values.has_one() for values in by_fact.values())


def _values_of(test: FactTest) -> _Values:
    low, high = _SPANS.get(test.fact.name, (None, None))
    values = _Values(test.fact.kind in _COUNTABLE, test.fact.nullable)
    values.low = None if low is None else (low, True)
    values.high = None if high is None else (high, True)
    return values


def _narrow(values: _Values, test: FactTest, *, holds: bool) -> None:
    """Leave of a fact's values those that meet a test, or fail it; an absent fact fails all but is_not, not_in and `exists` false."""
    kind, operand = test.kind, test.operand
    if kind in (TestKind.IS_NOT, TestKind.NOT_IN):
        kind, holds = (TestKind.IS if kind is TestKind.IS_NOT else TestKind.IN), not holds
    if kind is TestKind.EXISTS:
        if bool(operand) is holds:
            values.may_be_absent = False
        else:
            values.choose(frozenset())
        return
    values.may_be_absent = values.may_be_absent and not holds
    for each, value in _bounds(kind, operand):
        _narrow_by_one(values, each, value, holds=holds)


def _bounds(kind: TestKind, operand: Any) -> Iterator[tuple[TestKind, Any]]:
    if kind is TestKind.BETWEEN:  # one that has to fail was opened into its two sides
        yield TestKind.AT_LEAST, operand[0]
        yield TestKind.AT_MOST, operand[1]
    else:
        yield kind, operand


def _narrow_by_one(values: _Values, kind: TestKind, operand: Any, *, holds: bool) -> None:
    match kind:
        case TestKind.IS | TestKind.IN:
            listed = frozenset(operand if isinstance(operand, tuple | frozenset) else (operand,))
            if holds:
                values.choose(listed)
            else:
                values.excluded |= listed
        case TestKind.AT_LEAST | TestKind.ABOVE:
            included = kind is TestKind.AT_LEAST
            if holds:
                values.raise_low(operand, included=included)
            else:
                values.lower_high(operand, included=not included)
        case _:
            included = kind is TestKind.AT_MOST
            if holds:
                values.lower_high(operand, included=included)
            else:
                values.raise_low(operand, included=not included)
