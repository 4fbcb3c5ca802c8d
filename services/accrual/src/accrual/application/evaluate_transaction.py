"""Dry run: the decision a transaction would get now, by the code of the stream, with nothing written."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from accrual.application.drafts import campaigns_of_drafts, draft_from, refuse_clashes, with_drafts
from accrual.application.explained import Explainable, explained
from accrual.application.facts import merchant_seen
from accrual.application.named_campaigns import budget_left
from accrual.application.ports import BeginUnitOfWork
from accrual.domain.converting import NO_TABLE
from accrual.domain.decide import decide_posted, local_time
from accrual.domain.merchant_facts import UNREGISTERED
from accrual.domain.rule import Rule
from loyalty_shared.contracts.core import TransactionPostedV1
from loyalty_shared.web.idempotency import Answer

#: Sees every merchant as it is now.
AFTER_ALL_BATCHES = 2**63 - 1


@dataclass(frozen=True, slots=True)
class EvaluateTransaction:
    """Decides a transaction without writing anything. Limits count what the customer has used by now."""

    begin: BeginUnitOfWork

    def __call__(self, event: TransactionPostedV1, draft_rules: Sequence[Any]) -> Answer:
        """Return the decision under the rules in force and the drafts, each as the newest version of its code; or `rule-not-valid`, `rule-conflict`."""
        drafts: list[Rule] = []
        for index, document in enumerate(draft_rules):
            draft = draft_from(document, f"body.draft_rules[{index}]")
            if isinstance(draft, Answer):
                return draft
            drafts.append(draft)
        with self.begin() as work:
            entity = work.entities.get(event.legal_entity)
            rules = work.rules.in_force({event.legal_entity})[event.legal_entity]
            if drafts:
                campaigns = campaigns_of_drafts(work, event.legal_entity, {f"body.draft_rules[{index}]": draft for index, draft in enumerate(drafts)})
                if isinstance(campaigns, Answer):
                    return campaigns
                rules = with_drafts(rules, drafts, campaigns)
                clashing = refuse_clashes(rules, drafts, "body.draft_rules")
                if clashing is not None:
                    return clashing
            local = local_time(event, entity.zone)
            customer = work.customers.load([event]).find_at(event.legal_entity, event.customer_no, event.transaction_at)
            months = rules.months_counted(local.date())
            usage = work.usage.read([(event.legal_entity, event.customer_no, month) for month in months]).of(event.legal_entity, event.customer_no)
            seen = merchant_seen(event, local.date(), rules, AFTER_ALL_BATCHES)
            merchant = work.merchants.load([seen]).get(seen, UNREGISTERED) if seen else UNREGISTERED
            rates = work.rates.load([event.legal_entity] if rules.converts else []).get(event.legal_entity, NO_TABLE).on(local.date())
            decision = decide_posted(event, local, customer, rules, usage, merchant, rates, budget_left(work, event.legal_entity, rules))
        return Answer(explained(Explainable(event, local, customer, rules, decision, None, merchant)))
