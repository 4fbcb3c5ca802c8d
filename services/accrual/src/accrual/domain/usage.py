"""What a customer's limits by period have used: counters by rule, in one document for each month (the `usage` row)."""

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Protocol

from msgspec.structs import replace

from accrual.domain.decision import NOTHING, NOTHING_SEEN, Decision, Seen, Used, negated
from accrual.domain.limits import WHOLE, month_of
from loyalty_shared.contracts.core import TransactionPostedV1

if TYPE_CHECKING:
    from accrual.domain.rule_set import RuleSet
    from accrual.domain.rules_in_force import LiveRule, RulesOnDate

_EMPTY: Final[Mapping[str, int]] = {}
#: What the two halves of a remainder's fraction end in, beside the rule's code: no code has such a character.
NUMERATOR: Final = "+"
DENOMINATOR: Final = "/"

__all__ = ["NO_USAGE", "Usage", "UsageBefore", "UsageRead", "month_of"]


class UsageRead(Protocol):
    """Tells what a rule's limits by period have used."""

    def used_by(self, rule: "LiveRule", event: TransactionPostedV1, rules: "RulesOnDate") -> tuple[int, ...]:
        """Return the points used, in the order of the rule's limits by period."""
        ...

    def counted_by(self, rule: "LiveRule", rules: "RulesOnDate") -> tuple[int, ...]:
        """Return how many events have met the rule's other conditions, in the order of its counts."""
        ...

    def remainder_of(self, rule: "LiveRule") -> Fraction:
        """Return what rounding has dropped of the rule's points and the customer keeps, from 0 to below 1."""
        ...


class Usage:
    """One customer's counters, by month: {"2026-03": {"debit-base": 240, "debit-base#05": 200}}, of the month and of each day.

    A counter is a rule's code, followed by the account or merchant when the limit's scope says so. What a campaign's limits count stands in `WHOLE`.
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

    def counted_by(self, rule: "LiveRule", rules: "RulesOnDate") -> tuple[int, ...]:
        """Return the events counted as they stand now."""
        return rule.counts.counted(self.months, rules.on)

    def remainder_of(self, rule: "LiveRule") -> Fraction:
        """Return the remainder as it stands now."""
        kept = self.months.get(WHOLE, _EMPTY)
        return Fraction(kept.get(rule.code + NUMERATOR, 0), kept.get(rule.code + DENOMINATOR, 1))

    def add(self, decision: Decision, event: TransactionPostedV1, on: date, rules: "RuleSet") -> None:
        """Count what a decision gave, by transaction date, and keep what it saw: the event itself where it counts, and remainders.

        A refund's points are negative and so given back, in its original's period: `event`, `on` and `rules` are the original's.
        """
        for given in decision.applied:
            limits = rules.counted.get(given.rule_no)
            if limits is None:
                continue
            if limits.scopes:
                day = rules.on_date(on)
                counters = self.months.get(day.month)
                if counters is None:
                    counters = self.months[day.month] = {}
                self.changed.add(day.month)
                for counter in limits.counters(event):
                    _count(counters, counter, given.points)
                    _count(counters, counter + day.day_key, given.points)
            if limits.counts_whole:
                for counter in limits.whole_counters(event):
                    _count(self._change(WHOLE), counter, given.points)
        if decision.seen is not NOTHING_SEEN:
            self._keep(decision.seen, on, rules)

    def take_out(self, decision: Decision, event: TransactionPostedV1, on: date, rules: "RuleSet") -> None:
        """Undo `add` of a decision that is made anew.

        A remainder may be negative until then, or above 1, by what later decisions had rounded together with this one.
        """
        counted = {rule_no: -change for rule_no, change in decision.seen.counted.items()}
        self.add(replace(decision, applied=negated(decision.applied), seen=Seen(counted=counted)), event, on, rules)
        for rule_no, carried in decision.seen.carried.items():
            if carried.exact != NOTHING:
                counters, code = self._change(WHOLE), rules.by_no[rule_no].rule.code
                kept = Fraction(counters.get(code + NUMERATOR, 0), counters.get(code + DENOMINATOR, 1))
                _set_remainder(counters, code, kept - (Fraction(carried.exact) - carried.whole))

    def _keep(self, seen: Seen, on: date, rules: "RuleSet") -> None:
        for rule_no, change in seen.counted.items():
            for document, counters in rules.counting[rule_no].documents_written(on).items():
                for counter in counters:
                    _count(self._change(document), counter, change)
        for rule_no, carried in seen.carried.items():
            if carried.exact != NOTHING:
                _set_remainder(self._change(WHOLE), rules.by_no[rule_no].rule.code, carried.after)

    def _change(self, document: str) -> dict[str, int]:
        """Return a document that is about to change."""
        self.changed.add(document)
        counters = self.months.get(document)
        if counters is None:
            counters = self.months[document] = {}
        return counters


class UsageBefore:
    """What the limits had used, and what was counted and kept, at the moment of an earlier decision, as stored with it."""

    __slots__ = ("_seen", "_used")

    def __init__(self, used: Used, seen: Seen = NOTHING_SEEN) -> None:
        self._used = used
        self._seen = seen

    def used_by(self, rule: "LiveRule", event: TransactionPostedV1, rules: "RulesOnDate") -> tuple[int, ...]:
        """Return the points used at that moment."""
        return self._used.get(rule.rule_no, rule.nothing_used)

    def counted_by(self, rule: "LiveRule", rules: "RulesOnDate") -> tuple[int, ...]:
        """Return the events counted before that moment."""
        return self._seen.counts.get(rule.rule_no, rule.counts.nothing_counted)

    def remainder_of(self, rule: "LiveRule") -> Fraction:
        """Return the remainder of that moment."""
        carried = self._seen.carried.get(rule.rule_no)
        return Fraction(0) if carried is None else Fraction(carried.before)


#: For events whose date has no limit by period: read by decisions; to count in it is a bug and raises TypeError.
NO_USAGE: Final = Usage(MappingProxyType({}))  # type: ignore[arg-type]  # read-only on purpose


def _set_remainder(counters: dict[str, int], code: str, remainder: Fraction) -> None:
    if remainder:
        counters |= {code + NUMERATOR: remainder.numerator, code + DENOMINATOR: remainder.denominator}
    else:
        counters.pop(code + NUMERATOR, None)
        counters.pop(code + DENOMINATOR, None)


def _count(counters: dict[str, int], counter: str, points: int) -> None:
    total = counters.get(counter, 0) + points
    if total:
        counters[counter] = total
    else:
        del counters[counter]  # nothing is left of what was counted
