"""A campaign: when, where and for whom the rules that name it give, and what they may cost (made from a document by `campaign_document`)."""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Final

from accrual.domain.condition import All, Any, Condition, FactTest, TestKind
from accrual.domain.facts import FACTS, Fact, FactKind
from accrual.domain.rule import Limit, Over, Per, Scope
from accrual.domain.trigger import Trigger
from loyalty_shared.kernel.money import Rounding, divide_rounded

#: The customer numbers of a campaign's uploaded list; not a fact that rules can name.
_LISTED: Final = Fact("campaign.customers", FactKind.TEXT, "event.customer_no", nullable=False)
_LEVEL: Final = FACTS[Trigger.TRANSACTION]["customer.level"]
_TAGS: Final = FACTS[Trigger.TRANSACTION]["customer.tags"]
_CHANNEL: Final = FACTS[Trigger.TRANSACTION]["transaction.channel"]
_INSTITUTION: Final = FACTS[Trigger.TRANSACTION]["transaction.institution"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What a campaign may cost: `points`, `amount_minor` of `currency`, or both; None: not bounded by it. `cost_per_point`: minor units of money.

    A strict budget cuts what rules give to what is left of it; another is reported only.
    """

    points: int | None
    amount_minor: int | None
    currency: str
    cost_per_point: Fraction
    strict: bool

    @property
    def total_points(self) -> int:
        """Return the points that the budget pays for: those of the bound that ends first."""
        bounds = [] if self.points is None else [self.points]
        if self.amount_minor is not None:
            bounds.append(int(self.amount_minor / self.cost_per_point))
        return min(bounds)

    def amount_of(self, points: int) -> int:
        """Return what points cost, in minor units of the budget's currency, rounded half up."""
        cost = self.cost_per_point
        amount = divide_rounded(abs(points) * cost.numerator, cost.denominator, Rounding.HALF_UP)
        return amount if points >= 0 else -amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Whom a campaign is for. Each part that is not empty must hold: the customer's level, one of the customer's tags, the uploaded list."""

    levels: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    customers: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """One version of a campaign. `applies_from` included, `applies_to` and `stopped_on` not; None: open. No channels, no institutions: all.

    `per_customer`: the points that all its rules together give one customer at most.
    """

    code: str
    version: int
    applies_from: date | None = None
    applies_to: date | None = None
    stopped_on: date | None = None
    target: Target = Target()
    channels: tuple[str, ...] = ()
    institutions: tuple[str, ...] = ()
    per_customer: int | None = None
    budget: Budget | None = None

    @property
    def is_strict(self) -> bool:
        """Tell whether its budget cuts what rules give."""
        return self.budget is not None and self.budget.strict

    def is_open(self, on: date) -> bool:
        """Tell whether its rules give on a transaction date."""
        return (self.applies_from is None or self.applies_from <= on) and not self.has_ended(on)

    def has_ended(self, on: date) -> bool:
        """Tell whether the campaign is over, or was stopped, on a transaction date."""
        return any(end is not None and end <= on for end in (self.applies_to, self.stopped_on))

    def condition_with(self, when: Condition) -> Condition:
        """Return a rule's conditions together with the campaign's: what its channel, institution and customer must be."""
        scope = self._scope()
        return All((*scope, when)) if scope else when

    def limit_per_customer(self) -> Limit | None:
        """Return the limit that all its rules share, if it has one."""
        return None if self.per_customer is None else Limit(points=self.per_customer, per=Per.CAMPAIGN, over=Over.TRIM, scope=Scope.CUSTOMER)

    def _scope(self) -> list[Condition]:
        scope: list[Condition] = []
        if self.channels:
            scope.append(FactTest(_CHANNEL, TestKind.IN, self.channels))
        if self.institutions:
            scope.append(FactTest(_INSTITUTION, TestKind.IN, self.institutions))
        if self.target.levels:
            scope.append(FactTest(_LEVEL, TestKind.IN, self.target.levels))
        if self.target.tags:
            scope.append(Any(tuple(FactTest(_TAGS, TestKind.CONTAINS, tag) for tag in self.target.tags)))
        if self.target.customers is not None:
            scope.append(FactTest(_LISTED, TestKind.IN, self.target.customers))
        return scope
