"""The rules in force on a date, compiled: in the order in which they are decided, and for each kind of transaction only those that it can meet."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Final, NamedTuple

from accrual.domain.condition import Condition
from accrual.domain.condition_source import Meets, compile_condition
from accrual.domain.deciding_order import deciding_order
from accrual.domain.earning import gives_of
from accrual.domain.limits import RuleLimits, day_key_of, month_of, months_read
from accrual.domain.rule import Multiply, Policy
from accrual.domain.selection import OTHER, names_merchants, selectors_of, settle, tests_of
from loyalty_shared.contracts.core import TransactionPostedV1

if TYPE_CHECKING:
    from accrual.domain.rule_set import RuleVersion

#: Kinds of transactions remembered; past it they are worked out anew.
KINDS_MAX: Final = 50_000
_CURRENCY: Final = "event.currency"


class LiveRule:
    """A version in force, compiled. Rules of one `seat` exclude each other: the first come keeps it, or the best for the customer."""

    __slots__ = ("code", "gives", "is_first_come", "is_limited", "limits", "multiplies", "nothing_used", "rule", "rule_no", "seat", "version")

    def __init__(self, version: "RuleVersion", limits: RuleLimits, policy: Policy) -> None:
        rule = version.rule
        self.rule = rule
        self.rule_no = version.rule_no
        self.version = version.version
        self.code = rule.code
        self.is_first_come = policy is Policy.FIRST
        self.seat: str | int = version.rule_no if rule.stacking is None or policy is Policy.ALL else rule.stacking.group
        self.gives = gives_of(rule.earn, rule.rounding)
        self.multiplies = rule.earn.rules if isinstance(rule.earn, Multiply) else ()
        self.limits = limits
        self.is_limited = bool(rule.limits)
        self.nothing_used = limits.nothing_used


class Candidate(NamedTuple):
    """A rule that a kind of transaction may meet. `meets` tests what the kind does not settle; None: nothing. `sees_amount`: the amount takes part in it."""

    rule: LiveRule
    meets: Meets | None
    sees_amount: bool


class RulesInForce:
    """The live rules of one combination of versions, in deciding order, indexed by the kind of transaction."""

    def __init__(self, versions: Iterable["RuleVersion"], limits: dict[int, RuleLimits]) -> None:
        self.rules = tuple(LiveRule(version, limits[version.rule_no], policy) for version, policy in deciding_order(versions))
        self.by_no = {live.rule_no: live for live in self.rules}
        self.sees_merchants = any(names_merchants(live.rule.when) for live in self.rules)
        self._named = selectors_of(live.rule.when for live in self.rules)
        currencies = self._named.setdefault(_CURRENCY, {})
        currencies.update((live.rule.currency, live.rule.currency) for live in self.rules)
        self._kind_of = _kind_reader(self._named)
        self._by_kind: dict[tuple[object, ...], tuple[Candidate, ...]] = {}
        self._compiled: dict[Condition, Meets] = {}

    def candidates_for(self, event: TransactionPostedV1) -> tuple[Candidate, ...]:
        """Return the rules that a transaction of this kind may meet, in deciding order."""
        kind = self._kind_of(event)
        candidates = self._by_kind.get(kind)
        if candidates is None:
            if len(self._by_kind) >= KINDS_MAX:
                self._by_kind.clear()
            candidates = self._by_kind[kind] = tuple(self._candidates_of(dict(zip(self._named, kind, strict=True))))
        return candidates

    def candidates_with(self, conditions: Iterable[tuple[LiveRule, Condition]]) -> list[Candidate]:
        """Return rules with whole conditions, their own or others in their stead, whatever the transaction: for explanations."""
        return [self._candidate(live, condition) for live, condition in conditions]

    def _candidates_of(self, known: dict[str, object]) -> Iterable[Candidate]:
        for live in self.rules:
            rest = settle(live.rule.when, known) if known[_CURRENCY] == live.rule.currency else False
            if rest is True:
                yield Candidate(live, None, False)
            elif rest is not False:
                yield self._candidate(live, rest)

    def _candidate(self, live: LiveRule, condition: Condition) -> Candidate:
        meets = self._compiled.get(condition)
        if meets is None:
            meets = self._compiled[condition] = compile_condition(condition)
        return Candidate(live, meets, any(test.fact.name == "transaction.amount_minor" for test in tests_of(condition)))


class RulesOnDate:
    """The rules in force on one transaction date, with what depends on the date alone."""

    __slots__ = ("by_no", "candidates_for", "candidates_with", "dates", "day_key", "month", "months_counted", "on", "rule_set", "rules", "sees_merchants")

    def __init__(self, on: date, rule_set: int, force: RulesInForce) -> None:
        self.on = on
        self.rule_set = rule_set
        self.month = month_of(on)
        self.day_key = day_key_of(on)
        self.rules = force.rules
        self.by_no = force.by_no
        self.candidates_for = force.candidates_for
        self.candidates_with = force.candidates_with
        self.sees_merchants = force.sees_merchants
        self.months_counted = tuple(sorted({month for live in self.rules for limit in live.rule.limits for month in months_read(limit, on)}))
        #: First and last date on which points of a rule can be spent.
        self.dates: Mapping[LiveRule, tuple[date, date | None]] = _Dates(on)

    def months_counted_for(self, event: TransactionPostedV1) -> tuple[str, ...]:
        """Return the usage documents that a decision of this transaction reads; () when it can meet no rule with a limit by period."""
        return self.months_counted if any(rule.nothing_used for rule, _, _ in self.candidates_for(event)) else ()


class _Dates(dict[LiveRule, tuple[date, date | None]]):
    """Works a rule's dates out when they are first asked for."""

    __slots__ = ("_on",)

    def __init__(self, on: date) -> None:
        super().__init__()
        self._on = on

    def __missing__(self, live: LiveRule) -> tuple[date, date | None]:
        dates = self[live] = (live.rule.available.date_for(self._on), live.rule.expires.date_for(self._on))
        return dates


def _kind_reader(named: dict[str, dict[object, object]]) -> Callable[[TransactionPostedV1], tuple[object, ...]]:
    """Return a function that reads a transaction's kind: for each selector the value, when some condition names it, else OTHER."""
    names: dict[str, object] = {f"named{number}": values for number, values in enumerate(named.values())} | {"OTHER": OTHER}
    parts = [f"named{number}.get({reading}, OTHER)" for number, reading in enumerate(named)]
    reader: Callable[[TransactionPostedV1], tuple[object, ...]] = eval(f"lambda event: ({', '.join(parts)},)", names)  # readings are of `facts`
    return reader
