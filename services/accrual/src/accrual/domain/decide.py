"""Decide what a posted transaction earns."""

from datetime import datetime
from zoneinfo import ZoneInfo

from accrual.domain.decision import Decision
from accrual.domain.rule_set import RuleSet
from accrual.domain.usage import Usage
from loyalty_shared.contracts.core import CustomerChangedV1, TransactionPostedV1


def local_time(event: TransactionPostedV1, zone: ZoneInfo) -> datetime:
    """Return the transaction's time in the entity's zone; its date is the transaction date."""
    return event.transaction_at.astimezone(zone)


def decide_posted(event: TransactionPostedV1, local: datetime, customer: CustomerChangedV1 | None, rules: RuleSet, usage: Usage) -> Decision:
    """Return what the transaction earns, and why, under the rules in force on its transaction date. Changes nothing: `usage.add` counts it."""
    raise NotImplementedError
