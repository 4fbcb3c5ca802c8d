"""Applications: registered uses of points, and what each asks of a spend (requirements 2.1.5)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from redemption.domain.refusals import Refusal

#: The applications that every entity begins with (contracts.md section 5): open, without limits.
FIRST_APPLICATIONS: Final = ("fee-waiver", "mall", "statement-credit", "pos-payment", "donation")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """What points are worth: `points` pay `amount_minor` of the currency."""

    points: int
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Eligible:
    """Who may spend: of each list that is not empty the customer has to be on one entry. `tags`: to have one of them."""

    levels: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    institutions: tuple[str, ...] = ()
    customers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerFacts:
    """What core banking last said of a customer, as far as applications ask; None and empty: never announced, or without."""

    level: str | None = None
    tags: tuple[str, ...] = ()
    institution: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What an application asks beside the bounds of one call; None: does not ask. `opens_on` is the first business date, `closes_on` the first one after.

    `per_day`, `per_month`: points of one customer by business date. `step_up_above`: from more points than this the channel has to verify the customer again.
    `maximum_share_percent`: of an amount, what points may pay. `cost_bearer`, `clearing_mode`, `names`: for those who settle and show.
    """

    names: Mapping[str, str] | None = None
    channels: tuple[str, ...] | None = None
    cost_bearer: str | None = None
    clearing_mode: str | None = None
    eligible: Eligible | None = None
    maximum_share_percent: int | None = None
    per_day: int | None = None
    per_month: int | None = None
    rate: Rate | None = None
    opens_on: date | None = None
    closes_on: date | None = None
    step_up_above: int | None = None

    @property
    def counts(self) -> bool:
        """Tell whether what a customer has spent matters."""
        return self.per_day is not None or self.per_month is not None


#: Of a customer whom an application does not ask about.
NOT_ASKED: Final = CustomerFacts()
#: What the first applications ask: nothing.
NO_TERMS: Final = Terms()


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """What points can be spent on. `minimum`, `step` and `points_max` are points in one call; None: no such bound."""

    code: str
    is_open: bool
    minimum: int | None
    step: int | None
    points_max: int | None
    terms: Terms = NO_TERMS

    def asks_step_up(self, points: int) -> bool:
        """Tell whether so many points take a further verification of the customer."""
        return self.terms.step_up_above is not None and points > self.terms.step_up_above


@dataclass(frozen=True, slots=True)
class Spent:
    """Points that a customer has spent or holds on an application: on the business date, and in its month."""

    day: int
    month: int


#: Of an application that does not count.
NOTHING_SPENT: Final = Spent(0, 0)


def is_open_for(application: Application, channel: str | None, on: date) -> bool:
    """Tell whether points can be spent on an application through a channel on a business date."""
    if not application.is_open:
        return False
    terms = application.terms
    if terms.channels is not None and channel not in terms.channels:
        return False
    return (terms.opens_on is None or on >= terms.opens_on) and (terms.closes_on is None or on < terms.closes_on)


def is_eligible(eligible: Eligible, numbers: Collection[str], facts: CustomerFacts) -> bool:
    """Tell whether a customer, by any of the numbers, may spend."""
    return (
        (not eligible.levels or facts.level in eligible.levels)
        and (not eligible.tags or not set(eligible.tags).isdisjoint(facts.tags))
        and (not eligible.institutions or facts.institution in eligible.institutions)
        and (not eligible.customers or not set(eligible.customers).isdisjoint(numbers))
    )


def refusal_of_points(application: Application, points: int, spent: Spent) -> Refusal | None:
    """Return why so many points are not spent on an application in one call, after what was spent before."""
    terms = application.terms
    if application.minimum is not None and points < application.minimum:
        return Refusal.BELOW_MINIMUM
    if application.step is not None and points % application.step:
        return Refusal.NOT_A_STEP
    bounds = ((application.points_max, points), (terms.per_day, spent.day + points), (terms.per_month, spent.month + points))
    return Refusal.LIMIT_EXCEEDED if any(bound is not None and asked > bound for bound, asked in bounds) else None
