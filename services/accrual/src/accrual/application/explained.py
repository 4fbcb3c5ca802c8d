"""A decision as callers see it: the outcome, and why, rule by rule (contracts.md section 3, GET decisions)."""

from datetime import datetime
from typing import Any, Final

from msgspec import Struct, structs

from accrual.application.facts import original_key_of
from accrual.domain.decision import Carried, Decision
from accrual.domain.explain import RuleExplained, explain_posted, explain_refunded, reason_told
from accrual.domain.merchant_facts import UNREGISTERED, MerchantFacts
from accrual.domain.occasions import Behaviour, MonthBalance
from accrual.domain.reasons import WORDING, Reason, RuleReason
from accrual.domain.rule_set import RuleSet, RuleVersion
from accrual.domain.validity import AWAITING
from loyalty_shared.contracts.core import CustomerChangedV1, TransactionPostedV1, TransactionRefundedV1, TransactionReversedV1

#: What a caller calls each kind of event.
KINDS: Final = {
    TransactionPostedV1: "transaction", TransactionRefundedV1: "refund", TransactionReversedV1: "reversal", Behaviour: "behaviour", MonthBalance: "balance",
}  # fmt: skip


class Explainable(Struct, frozen=True):
    """A decision with what it was made from; `rules` are those it was decided with, a refund's being its original's. `decided_at` None: a dry run."""

    event: TransactionPostedV1
    local: datetime
    customer: CustomerChangedV1 | None
    rules: RuleSet
    decision: Decision
    decided_at: datetime | None
    merchant: MerchantFacts = UNREGISTERED
    recalculated_by: str | None = None


def explained(one: Explainable) -> dict[str, Any]:
    """Return the decision's JSON. `points` is signed: a refund's is negative."""
    event, decision = one.event, one.decision
    refund = event if isinstance(event, TransactionRefundedV1) else None
    rules = explain_refunded(decision, one.rules) if refund else explain_posted(event, one.local, one.customer, one.rules, decision, one.merchant)
    reason = reason_told(decision, rules)
    versions = {(version.rule.code, version.version): version for version in one.rules.by_no.values()}
    return {
        "kind": KINDS[type(event)],
        "legal_entity": event.legal_entity,
        "source_system": event.source_system,
        "transaction_no": event.transaction_no,
        "leg": event.leg,
        "original": _original(refund) if refund else None,
        "behaviour_code": event.transaction_code if isinstance(event, Behaviour) else None,
        "balance": _balance(event) if isinstance(event, MonthBalance) else None,
        "customer_no": event.customer_no,
        "transaction_on": decision.transaction_on,
        "amount_minor": event.amount_minor,
        "currency": event.currency,
        "outcome": decision.outcome,
        "points": decision.points,
        "reason": reason,
        "reason_text": _wording(reason),
        "rates": decision.seen.rates,
        "rules": [_rule(rule, versions[rule.code, rule.version], one) for rule in rules],
        "customer_facts_at": one.customer.changed_at if one.customer else None,
        "rule_set": decision.rule_set,
        "decided_at": one.decided_at,
        "recalculated_by": one.recalculated_by,
    }


def earlier_told(one: Explainable) -> dict[str, Any]:
    """Return the JSON of a decision whose place another has taken."""
    told = explained(one)
    return {name: told[name] for name in ("decided_at", "recalculated_by", "outcome", "points", "reason", "reason_text", "rule_set", "rules")}


def _original(refund: TransactionRefundedV1) -> dict[str, Any]:
    _, source_system, number, leg = original_key_of(refund)
    return {"source_system": source_system, "transaction_no": number, "leg": leg}


def _balance(event: MonthBalance) -> dict[str, Any]:
    month = event.posted_on.strftime("%Y-%m")
    return {"account_no": event.account_no, "month": month, "average_minor": event.amount_minor, **event.attributes}


def _rule(rule: RuleExplained, version: RuleVersion, one: Explainable) -> dict[str, Any]:
    said: dict[str, Any] = {"names": version.rule.names, "campaign": version.rule.campaign, "reason_text": _wording(rule.reason), "awaits": None}
    if rule.available_on == AWAITING:
        said |= {"available_on": None, "awaits": version.rule.awaits}
    return structs.asdict(rule) | said | {"counts": _counts(version.rule_no, one), "remainder": _remainder(one.decision.seen.carried.get(version.rule_no))}


def _counts(rule_no: int, one: Explainable) -> dict[str, int] | None:
    """Return what each of a rule's counts came to with the event; None of a rule that counts nothing, and of refunds."""
    counting, seen = one.rules.counting.get(rule_no), one.decision.seen
    if counting is None or isinstance(one.event, TransactionRefundedV1):
        return None
    before = seen.counts.get(rule_no, counting.nothing_counted)
    return {period: counted + seen.counted.get(rule_no, 0) for period, counted in zip(counting.periods, before, strict=True)}


def _remainder(carried: Carried | None) -> dict[str, str] | None:
    """Return how a rule's remainder changed, in fractions of a point; None where it carries none."""
    return None if carried is None else {"before": carried.before, "exact": carried.exact, "after": str(carried.after)}


def _wording(reason: Reason | RuleReason | None) -> dict[str, str] | None:
    return WORDING[reason]._asdict() if reason else None
