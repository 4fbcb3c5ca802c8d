"""The campaigns that rules name outside the stream: rules that are being saved, drafts, and dry runs."""

from collections.abc import Mapping, Sequence

from accrual.application.campaign_records import BudgetUse
from accrual.application.ports import UnitOfWork
from accrual.domain.campaign import Campaign
from accrual.domain.campaign_room import BudgetRead, RoomsLeft
from accrual.domain.rule import Rule
from accrual.domain.rule_faults import Fault
from accrual.domain.rule_set import RuleSet


def campaigns_named(work: UnitOfWork, legal_entity: str, rules: Sequence[Rule]) -> Mapping[str, Campaign]:
    """Return the campaigns, as they are in force, that these rules name; without those that are not known."""
    codes = {rule.campaign for rule in rules if rule.campaign is not None}
    return work.campaigns.load(legal_entity, codes) if codes else {}


def fault_of_campaign(rule: Rule, known: Mapping[str, Campaign]) -> tuple[Fault, ...]:
    """Return the fault of a rule that names no known campaign; () of every other."""
    if rule.campaign is None or rule.campaign in known:
        return ()
    return (Fault("campaign", f"there is no campaign '{rule.campaign}'; POST campaigns first, or correct the code"),)


def budget_left(work: UnitOfWork, legal_entity: str, rules: RuleSet) -> BudgetRead | None:
    """Return what is left of the strict budgets of a rule set's campaigns now; None when it has none."""
    if not rules.has_budgets:
        return None
    totals = {code: campaign.budget.total_points for code, campaign in rules.campaigns.items() if campaign.budget is not None and campaign.is_strict}
    used = work.budgets.use_of(legal_entity, totals)
    return RoomsLeft({code: max(0, total - used.get(code, BudgetUse()).points) for code, total in totals.items()})
