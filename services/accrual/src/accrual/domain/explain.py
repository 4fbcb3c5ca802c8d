"""Explain a decision rule by rule, the rules that gave nothing included, from the immutable versions it was decided with."""

from datetime import date, datetime

from msgspec import Struct

from accrual.domain.decision import Decision
from accrual.domain.reasons import RuleReason
from accrual.domain.rule import Over, Per, Scope
from accrual.domain.rule_set import RuleSet
from loyalty_shared.contracts.core import CustomerChangedV1, TransactionPostedV1


class LimitExplained(Struct, frozen=True):
    """One limit at work: `used` before, `room` that was left, points `asked` of it and `allowed` by it."""

    points: int
    per: Per
    over: Over
    scope: Scope
    used: int
    room: int
    asked: int
    allowed: int


class RuleExplained(Struct, frozen=True):
    """What one version in force on the date did: `given` before its limits, `points` after them; `reason` when it gave nothing or less."""

    code: str
    version: int
    applied: bool
    given: int
    points: int
    point_type: str
    reason: RuleReason | None
    limits: tuple[LimitExplained, ...]
    available_on: date | None
    expires_on: date | None


def explain_posted(
    event: TransactionPostedV1, local: datetime, customer: CustomerChangedV1 | None, rules: RuleSet, decision: Decision
) -> tuple[RuleExplained, ...]:
    """Return what each version in force on the transaction date did, by priority. Sums to the decision's points."""
    raise NotImplementedError


def explain_refunded(decision: Decision, rules: RuleSet) -> tuple[RuleExplained, ...]:
    """Return what a refund took from each earning of its original, whose rule set this is."""
    raise NotImplementedError
