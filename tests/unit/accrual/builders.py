"""Transactions, customers and rules for the unit tests of accrual, written as shortly as a test needs them."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from accrual.application.budget_book import BudgetBook, Lease
from accrual.domain.campaign import Campaign
from accrual.domain.campaign_document import CampaignRead, campaign_from_document
from accrual.domain.converting import NO_RATES, Rates
from accrual.domain.decide import decide_posted, local_time
from accrual.domain.decision import Decision
from accrual.domain.merchant_facts import UNREGISTERED, MerchantFacts
from accrual.domain.refund import Original, OriginalLeft, decide_refunded, untouched
from accrual.domain.rule import Rule
from accrual.domain.rule_document import rule_from_document
from accrual.domain.rule_set import RuleSet, RuleVersion
from accrual.domain.usage import Usage
from loyalty_shared.contracts.core import CustomerChangedV1, TransactionPostedV1, TransactionRefundedV1, TransactionReversedV1

ZONE = ZoneInfo("Asia/Shanghai")


def document(code: str = "base", **changes: Any) -> dict[str, Any]:
    """Return a rule document: 20 yuan = 1 point unless changed."""
    return {"code": code, "point_type": "base", "on": "transaction", "earn": {"per_minor": 2000, "points": 1}, **changes}


def rule(code: str = "base", **changes: Any) -> Rule:
    made = rule_from_document(document(code, **changes))
    assert isinstance(made, Rule), made
    return made


def campaign(code: str = "spring", stopped_on: date | None = None, **parts: Any) -> Campaign:
    read = campaign_from_document({"code": code, **parts}, version=1, stopped_on=stopped_on)
    assert isinstance(read, CampaignRead), read
    return read.campaign


def rule_set(*rules: Rule | RuleVersion, number: int = 1, campaigns: Iterable[Campaign] = ()) -> RuleSet:
    members = [each if isinstance(each, RuleVersion) else RuleVersion(rule_no=no, version=1, rule=each) for no, each in enumerate(rules, start=1)]
    return RuleSet(number, members, campaigns={each.code: each for each in campaigns})


def at(text: str) -> datetime:
    """Return an instant: "2026-03-01" is nine in the morning in Shanghai."""
    return datetime.fromisoformat(text if "T" in text else f"{text}T09:00:00+08:00")


def posted(amount_minor: int = 10_000, on: str = "2026-03-01", **changes: Any) -> TransactionPostedV1:
    return TransactionPostedV1(**_fields(amount_minor, on) | changes)


def refunded(amount_minor: int, on: str = "2026-03-10", **changes: Any) -> TransactionRefundedV1:
    return TransactionRefundedV1(**_fields(amount_minor, on) | {"transaction_no": "R1", "original_transaction_no": "T1"} | changes)


def reversed_(amount_minor: int = 1, on: str = "2026-03-10", **changes: Any) -> TransactionReversedV1:
    return TransactionReversedV1(**_fields(amount_minor, on) | {"transaction_no": "V1", "original_transaction_no": "T1"} | changes)


def _fields(amount_minor: int, on: str) -> dict[str, Any]:
    return {
        "legal_entity": "001",
        "source_system": "core",
        "transaction_no": "T1",
        "customer_no": "C1",
        "account_no": "A1",
        "card_type": "debit",
        "product_code": "DEBIT-CARD",
        "transaction_code": "POS",
        "channel": "POS",
        "institution": "450100",
        "direction": "debit",
        "amount_minor": amount_minor,
        "currency": "CNY",
        "merchant_no": "M1",
        "mcc": "5411",
        "transaction_at": at(on),
        "posted_on": date(2026, 3, 1),
    }


def customer(**changes: Any) -> CustomerChangedV1:
    fields: dict[str, Any] = {"legal_entity": "001", "customer_no": "C1", "changed_at": datetime(2020, 1, 1, tzinfo=UTC)}
    return CustomerChangedV1(**fields | changes)


class Books:
    """Decides a stream of events of one customer one after the other, keeping usage and what is left, as the use case does."""

    def __init__(
        self,
        rules: RuleSet,
        facts: CustomerChangedV1 | None = None,
        usage: Usage | None = None,
        merchant: MerchantFacts = UNREGISTERED,
        rates: Rates = NO_RATES,
    ) -> None:
        self.rules = rules
        self.facts = facts
        self.usage = usage or Usage({})
        self.merchant = merchant
        self.rates = rates
        self.originals: dict[str, Original] = {}
        strict = {code: each.budget.total_points for code, each in rules.campaigns.items() if each.budget is not None and each.is_strict}
        self.budgets = BudgetBook({("001", code): Lease(total, is_last=True) for code, total in strict.items()})

    def post(self, event: TransactionPostedV1) -> Decision:
        local = local_time(event, ZONE)
        decision = decide_posted(event, local, self.facts, self.rules, self.usage, self.merchant, self.rates, self.budgets.of("001"))
        self.usage.add(decision, event, decision.transaction_on, self.rules)
        self.budgets.add("001", decision.applied, self.rules)
        self.originals[event.transaction_no] = Original(event, local, self.facts, self.rules, decision, untouched(event, decision), self.merchant)
        return decision

    def refund(self, refund: TransactionRefundedV1) -> Decision:
        original = self.originals[refund.original_transaction_no]
        decision, left = decide_refunded(refund, local_time(refund, ZONE), original, self.usage)
        self.usage.add(decision, original.event, original.decision.transaction_on, self.rules)
        self.budgets.add("001", decision.applied, self.rules)
        self.originals[refund.original_transaction_no] = msgspec.structs.replace(original, left=left)
        return decision

    def left(self, transaction_no: str = "T1") -> OriginalLeft:
        return self.originals[transaction_no].left


def points_of(rules: Iterable[Rule], event: TransactionPostedV1, facts: CustomerChangedV1 | None = None) -> int:
    """Return what one transaction earns by these rules, alone."""
    return Books(rule_set(*rules), facts).post(event).points
