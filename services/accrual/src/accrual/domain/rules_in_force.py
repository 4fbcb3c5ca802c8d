"""The rules in force on a date, compiled: in the order in which they are decided, and for each kind of transaction only those that it can meet."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Final, NamedTuple

from accrual.domain.campaign import Campaign
from accrual.domain.condition import Any, Condition, FactTest
from accrual.domain.condition_source import Meets, compile_condition
from accrual.domain.counting import RuleCounts, is_count, pruned
from accrual.domain.deciding_order import deciding_order
from accrual.domain.earning import exactly_of, gives_of
from accrual.domain.facts import COUNT_PREFIX
from accrual.domain.limits import WHOLE, RuleLimits, day_key_of, month_of, months_read
from accrual.domain.rule import Multiply, Nth, Policy
from accrual.domain.selection import OTHER, names_merchants, selectors_of, settle, tests_of
from loyalty_shared.contracts.core import TransactionPostedV1

if TYPE_CHECKING:
    from accrual.domain.rule_set import RuleVersion

#: Kinds of transactions remembered; past it they are worked out anew.
KINDS_MAX: Final = 50_000
_CURRENCY: Final = "event.currency"


class LiveRule:
    """A version in force, compiled. Rules of one `seat` exclude each other: the first come keeps it, or the best for the customer.

    `is_special`: it counts events, carries its remainder or converts currencies, and is decided by a `Sight`; nearly all rules are not.
    """

    __slots__ = (
        "campaign", "carries", "code", "counts", "gives", "gives_exactly", "is_first_come", "is_limited", "is_special", "limits", "meets_but_amount",
        "multiplies", "nothing_used", "nth", "nth_of", "reads_usage", "rule", "rule_no", "seat", "version", "when",
    )  # fmt: skip

    def __init__(self, version: "RuleVersion", limits: RuleLimits, policy: Policy, campaign: Campaign | None) -> None:
        rule = version.rule
        self.campaign = campaign
        #: The rule's conditions with its campaign's: what the channel, the institution and the customer must be.
        self.when = rule.when if campaign is None else campaign.condition_with(rule.when)
        self.rule = rule
        self.rule_no = version.rule_no
        self.version = version.version
        self.code = rule.code
        self.is_first_come = policy is Policy.FIRST
        self.seat: str | int = version.rule_no if rule.stacking is None or policy is Policy.ALL else rule.stacking.group
        self.gives = gives_of(rule.earn, rule.rounding)
        self.multiplies = rule.earn.rules if isinstance(rule.earn, Multiply) else ()
        self.limits = limits
        self.is_limited = bool(rule.limits) or bool(limits.nothing_used)
        self.nothing_used = limits.nothing_used
        self.counts = RuleCounts(rule)
        self.carries = rule.carries
        self.gives_exactly = exactly_of(rule.earn)
        self.nth: int | None = rule.earn.nth if isinstance(rule.earn, Nth) else None
        self.nth_of: str = rule.earn.of.removeprefix(COUNT_PREFIX) if isinstance(rule.earn, Nth) else ""
        self.is_special = bool(rule.carries or rule.converts or self.counts.periods)
        self.reads_usage = bool(self.nothing_used or rule.carries or self.counts.periods)
        #: Tests all but what is asked of the amount and of counts: of a rule that converts, whose amount may not be known.
        self.meets_but_amount = compile_condition(pruned(self.when, lambda test: is_count(test) or sees_amount(test))) if rule.converts else None

    def sees(self, currency: object) -> bool:
        """Tell whether the rule sees transactions in a currency."""
        return currency == self.rule.currency or self.rule.converts

    def documents_read(self, on: date) -> set[str]:
        """Return the usage documents that a decision of this rule reads."""
        limited = {document for limit in self.limits.by_period for document in months_read(limit, on)}
        return limited | self.counts.documents_read(on) | ({WHOLE} if self.carries else set())


class Candidate(NamedTuple):
    """A rule that a kind of transaction may meet. `meets` tests what the kind does not settle; None: nothing. `sees_amount`: the amount takes part in it.

    `others`, of a rule that counts: tests all but the counts; an event that meets it is counted.
    """

    rule: LiveRule
    meets: Meets | None
    sees_amount: bool
    others: Meets | None = None


class RulesInForce:
    """The live rules of one combination of versions, in deciding order, indexed by the kind of transaction."""

    def __init__(self, versions: Iterable["RuleVersion"], limits: Mapping[int, RuleLimits], campaigns: Mapping[str, Campaign]) -> None:
        self.rules = tuple(
            LiveRule(version, limits[version.rule_no], policy, None if version.rule.campaign is None else campaigns[version.rule.campaign])
            for version, policy in deciding_order(versions)
        )
        #: The campaigns of these rules whose strict budgets may cut what they give.
        self.budgeted = frozenset(live.campaign.code for live in self.rules if live.campaign is not None and live.campaign.is_strict)
        self.by_no = {live.rule_no: live for live in self.rules}
        self.sees_merchants = any(names_merchants(live.rule.when) for live in self.rules)
        self._named = selectors_of(live.when for live in self.rules)
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
        return [self._candidate(live, condition, pruned(condition, is_count) if live.counts.periods else True) for live, condition in conditions]

    def _candidates_of(self, known: dict[str, object]) -> Iterable[Candidate]:
        for live in self.rules:
            rest = settle(live.when, known) if live.sees(known[_CURRENCY]) else False
            if rest is not False:
                yield self._candidate(live, rest, settle(pruned(live.when, is_count), known) if live.counts.periods else True)

    def _candidate(self, live: LiveRule, condition: Condition | bool, others: Condition | bool) -> Candidate:
        sees = live.is_special or (not isinstance(condition, bool) and any(map(sees_amount, tests_of(condition))))
        return Candidate(live, self._compiled_of(condition), sees, self._compiled_of(others))

    def _compiled_of(self, condition: Condition | bool) -> Meets | None:
        """Return what tests a condition; None for one that is always met."""
        if condition is True:
            return None
        whole = Any(()) if condition is False else condition
        meets = self._compiled.get(whole)
        if meets is None:
            meets = self._compiled[whole] = compile_condition(whole)
        return meets


def sees_amount(test: FactTest) -> bool:
    """Tell whether a test looks at the amount, which a refund makes smaller."""
    return test.fact.name == "transaction.amount_minor"


class RulesOnDate:
    """The rules in force on one transaction date, with what depends on the date alone."""

    __slots__ = (
        "budgeted",
        "by_no",
        "candidates_for",
        "candidates_with",
        "dates",
        "day_key",
        "month",
        "months_counted",
        "on",
        "rule_set",
        "rules",
        "sees_merchants",
    )

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
        self.budgeted = force.budgeted
        self.months_counted = tuple(sorted({document for live in self.rules for document in live.documents_read(on)}))
        #: First and last date on which points of a rule can be spent.
        self.dates: Mapping[LiveRule, tuple[date, date | None]] = _Dates(on)

    def months_counted_for(self, event: TransactionPostedV1) -> tuple[str, ...]:
        """Return the usage documents that a decision of this transaction reads; () when it can meet no rule that reads any."""
        return self.months_counted if any(candidate.rule.reads_usage for candidate in self.candidates_for(event)) else ()


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
