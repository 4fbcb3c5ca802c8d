"""Decide what a refund or reversal takes back (contracts.md section 5, "Refund of a purchase")."""

from datetime import datetime

from msgspec import Struct

from accrual.domain.decision import Decision
from accrual.domain.rule_set import RuleSet
from loyalty_shared.contracts.core import CustomerChangedV1, TransactionPostedV1, TransactionRefundedV1


class OriginalLeft(Struct, frozen=True, gc=False):
    """What is left of a purchase: the amount not refunded, the points of each earning (in the order of the decision's `applied`), and whether it was reversed."""

    remaining_minor: int
    points: tuple[int, ...]
    reversed: bool = False


class Original(Struct, frozen=True):
    """A purchase as its refunds see it: the event, its local time, the very facts, rule set and decision it was decided with, and what is left of it."""

    event: TransactionPostedV1
    local: datetime
    customer: CustomerChangedV1 | None
    rules: RuleSet
    decision: Decision
    left: OriginalLeft


def untouched(event: TransactionPostedV1, decision: Decision) -> OriginalLeft:
    """Return what is left of a purchase before any refund: all of it."""
    return OriginalLeft(event.amount_minor, tuple(given.points for given in decision.applied))


def decide_refunded(refund: TransactionRefundedV1, local: datetime, original: Original) -> tuple[Decision, OriginalLeft]:
    """Return what a refund or reversal takes from its original, and what is left of that afterwards."""
    raise NotImplementedError


def decide_waiting(refund: TransactionRefundedV1, local: datetime) -> Decision:
    """Return the decision of a refund whose original has not arrived."""
    raise NotImplementedError
