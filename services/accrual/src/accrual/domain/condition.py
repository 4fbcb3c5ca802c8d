"""The conditions of a rule (`when`), as a tree of tests on facts."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from accrual.domain.facts import Fact


class TestKind(StrEnum):
    """How a fact is tested. A fact that is absent fails every test but `is_not`, `not_in` and those that ask for false."""

    IS = "is"
    IS_NOT = "is_not"
    IN = "in"
    NOT_IN = "not_in"
    AT_LEAST = "at_least"
    ABOVE = "above"
    AT_MOST = "at_most"
    BELOW = "below"
    BETWEEN = "between"
    CONTAINS = "contains"
    MATCHES_DAY = "matches_day"
    MATCHES_MONTH = "matches_month"
    EXISTS = "exists"


Scalar = str | int | float | bool | date | datetime


@dataclass(frozen=True, slots=True)
class FactTest:
    """One test of one fact. `operand`: a scalar; for in / not_in the tuple of choices; for between (low, high), both included.

    An uploaded list is a frozenset, whose hash is worked out once.
    """

    fact: Fact
    kind: TestKind
    operand: Scalar | tuple[Scalar, ...] | frozenset[str]


@dataclass(frozen=True, slots=True)
class All:
    """True when every part is; with no part, always."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Any:
    """True when some part is."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """True when its part is not."""

    part: "Condition"


Condition = All | Any | Not | FactTest
ALWAYS = All(())
