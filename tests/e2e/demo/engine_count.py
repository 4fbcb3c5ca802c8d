"""What the accrual engine alone gives for a data set under the demo's rules: no services, no database, one transaction after another."""

from collections import defaultdict
from pathlib import Path
from zoneinfo import ZoneInfo

from accrual.domain.decide import decide_posted, local_time
from accrual.domain.rule import Rule
from accrual.domain.rule_document import rule_from_document
from accrual.domain.rule_set import RuleSet, RuleVersion
from accrual.domain.usage import Usage
from e2e.demo.recount import Points
from loyalty_shared.contracts.core import CustomerChangedV1, TransactionPostedV1
from nanzhu_demo.mapping import BankMapping
from nanzhu_demo.pkdd99 import read_pkdd99
from nanzhu_demo.rules import demo_rules

ZONE = ZoneInfo("Asia/Shanghai")


def engine_count(directory: Path) -> Points:
    """Return customer > rule > points."""
    rules = RuleSet(1, [RuleVersion(rule_no=number, version=1, rule=fitting_rule(document)) for number, document in enumerate(demo_rules(), start=1)])
    mapping = BankMapping(read_pkdd99(directory))
    facts: dict[str, list[CustomerChangedV1]] = defaultdict(list)
    for change in mapping.customers():
        facts[change.customer_no].append(change)

    usages: dict[str, Usage] = defaultdict(lambda: Usage({}))
    points: Points = defaultdict(lambda: defaultdict(int))
    for event in mapping.transactions():
        usage, local = usages[event.customer_no], local_time(event, ZONE)
        decision = decide_posted(event, local, facts_at(event, facts[event.customer_no]), rules, usage)
        usage.add(decision, event, local.date(), rules)
        for given in decision.applied:
            points[event.customer_no][rules.by_no[given.rule_no].rule.code] += given.points
    return {customer_no: dict(rules_of_customer) for customer_no, rules_of_customer in points.items()}


def facts_at(event: TransactionPostedV1, changes: list[CustomerChangedV1]) -> CustomerChangedV1:
    """Return the latest facts not after the transaction, else the earliest."""
    return max((change for change in changes if change.changed_at <= event.transaction_at), key=lambda change: change.changed_at, default=changes[0])


def fitting_rule(document: object) -> Rule:
    """Return the rule of a document that fits."""
    rule = rule_from_document(document)
    assert isinstance(rule, Rule), rule
    return rule
