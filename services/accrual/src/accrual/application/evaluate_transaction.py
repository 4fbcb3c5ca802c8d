"""Dry run: the decision a transaction would get now, by the code of the stream, with nothing written."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from accrual.application.explained import Explainable, explained
from accrual.application.facts import merchant_seen
from accrual.application.ports import BeginUnitOfWork
from accrual.application.refusals import Refusal
from accrual.application.save_rule import reasons_of
from accrual.domain.conflicts import find_conflicts
from accrual.domain.decide import decide_posted, local_time
from accrual.domain.merchant_facts import UNREGISTERED
from accrual.domain.rule import Rule
from accrual.domain.rule_document import rule_from_document
from accrual.domain.rule_set import RuleSet, RuleVersion
from loyalty_shared.contracts.core import TransactionPostedV1
from loyalty_shared.web.idempotency import Answer

#: The number of a rule set made for one evaluation, which is never kept.
DRAFT_SET = 0
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
            rule = rule_from_document(document)
            if not isinstance(rule, Rule):
                return Answer({"reasons": reasons_of(rule, f"body.draft_rules[{index}]")}, Refusal.RULE_NOT_VALID)
            drafts.append(rule)
        with self.begin() as work:
            entity = work.entities.get(event.legal_entity)
            rules = work.rules.in_force({event.legal_entity})[event.legal_entity]
            if drafts:
                members = [*rules.by_no.values(), *_as_versions(drafts, rules)]
                clashes = [clash for draft in drafts for clash in find_conflicts(draft, members) if clash.blocking]
                if clashes:
                    reasons = [{"path": clash.with_rule or "body.draft_rules", "fault": clash.code, "remedy": clash.message} for clash in clashes]
                    return Answer({"reasons": reasons}, Refusal.RULE_CONFLICT)
                rules = RuleSet(DRAFT_SET, members)
            local = local_time(event, entity.zone)
            customer = work.customers.load([event]).find_at(event.legal_entity, event.customer_no, event.transaction_at)
            months = rules.months_counted(local.date())
            usage = work.usage.read([(event.legal_entity, event.customer_no, month) for month in months]).of(event.legal_entity, event.customer_no)
            seen = merchant_seen(event, local.date(), rules, AFTER_ALL_BATCHES)
            merchant = work.merchants.load([seen]).get(seen, UNREGISTERED) if seen else UNREGISTERED
            decision = decide_posted(event, local, customer, rules, usage, merchant)
        return Answer(explained(Explainable(event, local, customer, rules, decision, None, merchant)))


def _as_versions(drafts: Sequence[Rule], rules: RuleSet) -> list[RuleVersion]:
    """Return the drafts as versions above all others of their codes; their numbers are negative, so that they meet no kept version's."""
    highest = max((version.version for version in rules.by_no.values()), default=0)
    return [RuleVersion(rule_no=-index, version=highest + index, rule=rule) for index, rule in enumerate(drafts, start=1)]
