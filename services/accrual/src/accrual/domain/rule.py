"""A rule that fits, as typed values. Made from a document by `rule_document`; its meaning is in contracts.md section 4."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from accrual.domain.condition import Condition
from accrual.domain.trigger import Trigger
from accrual.domain.validity import Available, Expires, OnEvent
from loyalty_shared.contracts.accrual import CostBearer
from loyalty_shared.kernel.money import Rounding


class Per(StrEnum):
    """What a limit is counted over, by transaction date; `campaign`: the whole of it."""

    TRANSACTION = "transaction"
    DAY = "day"
    MONTH = "month"
    YEAR = "year"
    CAMPAIGN = "campaign"
    ROLLING_DAYS = "rolling_days"


class Remainder(StrEnum):
    """What becomes of what rounding drops: lost, or kept for the customer's next event that the rule decides."""

    DROP = "drop"
    CARRY = "carry"


class Over(StrEnum):
    """What becomes of points above a limit: cut to the room that is left, or all refused."""

    TRIM = "trim"
    REJECT = "reject"


class Scope(StrEnum):
    """Whose points a limit counts: the customer's, or the customer's at this account or merchant."""

    CUSTOMER = "customer"
    ACCOUNT = "account"
    MERCHANT = "merchant"


class Policy(StrEnum):
    """Who gives within a stacking group."""

    ALL = "all"
    FIRST = "first"
    BEST = "best"


@dataclass(frozen=True, slots=True, kw_only=True)
class PerMinor:
    """`points` for each `per_minor` of the amount."""

    per_minor: int
    points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed:
    """The same points whatever the amount."""

    points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """What holds from an amount of `from_minor` (included) on."""

    from_minor: int
    gives: PerMinor | Fixed


@dataclass(frozen=True, slots=True, kw_only=True)
class Bands:
    """Bands in ascending order.

    Step: the band reached gives for the whole amount. Marginal: each band reached gives for its own slice of it, or its fixed points once.
    """

    bands: tuple[Band, ...]
    marginal: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Multiply:
    """The extra over what the named rules gave: with `by` 3/2, half as much again."""

    rules: tuple[str, ...]
    by: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Nth:
    """Fixed points for the `nth` event that meets the rule's other conditions, counted as the fact `of` ("count.month") counts."""

    nth: int
    of: str
    points: int


Earn = PerMinor | Fixed | Bands | Multiply | Nth


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """At most `points` of this rule per period and scope. `days`: of rolling_days, the transaction date included."""

    points: int
    per: Per
    over: Over
    scope: Scope
    days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stacking:
    """The group a rule stacks in."""

    group: str
    policy: Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One version of an earning rule. `applies_from` included, `applies_to` not; None: open. `stacking` None: alone. A lower `priority` goes first.

    `converts`: it sees transactions of every currency, turned into its own. `carries`: what rounding drops is kept for the customer's next event.
    """

    code: str
    names: dict[str, str]
    trigger: Trigger
    point_type: str
    applies_from: date | None
    applies_to: date | None
    when: Condition
    earn: Earn
    currency: str
    converts: bool
    rounding: Rounding
    carries: bool
    priority: int
    stacking: Stacking | None
    limits: tuple[Limit, ...]
    available: Available
    expires: Expires
    cost_bearers: tuple[CostBearer, ...]
    campaign: str | None

    @property
    def expiry_policy(self) -> str:
        """Name the rule's way of expiring, as published in `expiry_policy`: "calendar_years:5"."""
        return self.expires.policy

    @property
    def awaits(self) -> str | None:
        """Return the behaviour that the rule's points wait for; None: for none."""
        return self.available.code if isinstance(self.available, OnEvent) else None

    def covers(self, on: date) -> bool:
        """Tell whether the rule's window holds a transaction date."""
        return (self.applies_from is None or self.applies_from <= on) and (self.applies_to is None or on < self.applies_to)
