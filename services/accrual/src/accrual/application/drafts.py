"""Draft rules tried beside the rules in force: by dry runs and what-if alike."""

from collections.abc import Mapping, Sequence
from typing import Any

from accrual.application.named_campaigns import campaigns_named, fault_of_campaign
from accrual.application.ports import UnitOfWork
from accrual.application.refusals import Refusal
from accrual.application.save_rule import reasons_of
from accrual.domain.campaign import Campaign
from accrual.domain.conflicts import find_conflicts
from accrual.domain.rule import Rule
from accrual.domain.rule_document import rule_from_document
from accrual.domain.rule_set import NO_CAMPAIGNS, RuleSet, RuleVersion
from loyalty_shared.web.idempotency import Answer

#: The number of a rule set with drafts, which is never kept.
DRAFT_SET = 0


def draft_from(document: Any, path: str) -> Rule | Answer:
    """Return a draft's rule, or the answer `rule-not-valid` with each fault's path; `path` is where in the request the draft stands."""
    rule = rule_from_document(document)
    return rule if isinstance(rule, Rule) else Answer({"reasons": reasons_of(rule, path)}, Refusal.RULE_NOT_VALID)


def campaigns_of_drafts(work: UnitOfWork, legal_entity: str, drafts: Mapping[str, Rule]) -> Mapping[str, Campaign] | Answer:
    """Return the campaigns that drafts (by where in the request they stand) name, or the answer `rule-not-valid` when one is not known."""
    campaigns = campaigns_named(work, legal_entity, list(drafts.values()))
    reasons = [reason for path, draft in drafts.items() for reason in reasons_of(fault_of_campaign(draft, campaigns), path)]
    return Answer({"reasons": reasons}, Refusal.RULE_NOT_VALID) if reasons else campaigns


def with_drafts(rules: RuleSet, drafts: Sequence[Rule], campaigns: Mapping[str, Campaign] = NO_CAMPAIGNS) -> RuleSet:
    """Return the rules with the drafts as versions above all others of their codes; their numbers are negative, so that they meet no kept version's.

    `campaigns`: those that the drafts name.
    """
    highest = max((version.version for version in rules.by_no.values()), default=0)
    added = [RuleVersion(rule_no=-index, version=highest + index, rule=rule) for index, rule in enumerate(drafts, start=1)]
    return RuleSet(DRAFT_SET, [*rules.by_no.values(), *added], campaigns={**rules.campaigns, **campaigns})


def refuse_clashes(rules: RuleSet, drafts: Sequence[Rule], path: str) -> Answer | None:
    """Return the answer `rule-conflict` when a draft cannot stand beside the rules of a set that it is in; None when all can. `path`: the drafts'."""
    clashes = [clash for draft in drafts for clash in find_conflicts(draft, rules.by_no.values()) if clash.blocking]
    if not clashes:
        return None
    reasons = [{"path": clash.with_rule or path, "fault": clash.code, "remedy": clash.message} for clash in clashes]
    return Answer({"reasons": reasons}, Refusal.RULE_CONFLICT)
