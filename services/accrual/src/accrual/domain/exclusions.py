"""What alone keeps a rule from applying: an excluded category, merchant or transaction code, or an amount below a minimum that its conditions ask for.

The stream stores only that no rule's conditions were met; this is worked out from the immutable versions when somebody asks why.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Final

from accrual.domain.condition import ALWAYS, All, Any, Condition, FactTest, Not, TestKind
from accrual.domain.facts import MERCHANT_PREFIX
from accrual.domain.reasons import Reason, RuleReason
from accrual.domain.rules_in_force import LiveRule

NEVER: Final = Any(())

#: The reasons that can be found so, the one that is told first where several hold first, and what a decision that they cost everything calls them.
EXCLUDING: Final[Mapping[RuleReason, Reason]] = {
    RuleReason.EXCLUDED_MCC: Reason.EXCLUDED_MCC,
    RuleReason.EXCLUDED_MERCHANT: Reason.EXCLUDED_MERCHANT,
    RuleReason.EXCLUDED_TRANSACTION_CODE: Reason.EXCLUDED_TRANSACTION_CODE,
    RuleReason.BELOW_MINIMUM: Reason.BELOW_MINIMUM,
}
_MCCS: Final = ("transaction.mcc", "merchant.mcc")
_AMOUNT: Final = "transaction.amount_minor"
_CODE: Final = "transaction.transaction_code"

#: Tells which rules (by number) fail conditions that stand in for their own.
Failing = Callable[[Iterable[tuple[LiveRule, Condition]]], Collection[int]]


def kept_out_by(rules: Sequence[LiveRule], failing: Failing) -> dict[int, RuleReason]:
    """Return by rule number what kept rules from applying whose conditions are not met; nothing of a rule that would fail without any exclusion too."""
    excluding = [rule for rule in rules if without(rule.when, EXCLUDING) != rule.when]
    if not excluding:
        return {}
    fail_anyway = failing((rule, without(rule.when, EXCLUDING)) for rule in excluding)
    open_rules = [rule for rule in excluding if rule.rule_no not in fail_anyway]
    found: dict[int, RuleReason] = {}
    for reason in EXCLUDING:  # the first that has to go for the rule to apply
        others = [other for other in EXCLUDING if other is not reason]
        needed = failing((rule, without(rule.when, others)) for rule in open_rules if rule.rule_no not in found)
        found.update(dict.fromkeys(needed, reason))
    return found


def without(condition: Condition, reasons: Collection[RuleReason], *, negated: bool = False) -> Condition:
    """Return a condition with its excluding tests of these kinds taken to be met. `negated`: it stands under a `not`, where `in` excludes."""
    match condition:
        case FactTest():
            return _without_test(condition, reasons, negated=negated)
        case Not(part):
            return Not(without(part, reasons, negated=not negated))
        case All(parts):
            return All(tuple(without(part, reasons, negated=negated) for part in parts))
        case Any(parts):
            return Any(tuple(without(part, reasons, negated=negated) for part in parts))


def _without_test(test: FactTest, reasons: Collection[RuleReason], *, negated: bool) -> Condition:
    if _reason_of(test, negated=negated) not in reasons:
        return test
    if test.kind is TestKind.BETWEEN and isinstance(test.operand, tuple):
        return FactTest(test.fact, TestKind.AT_MOST, test.operand[1])
    return NEVER if negated else ALWAYS


def _reason_of(test: FactTest, *, negated: bool) -> RuleReason | None:
    """Return what a test excludes by; None when it does not exclude."""
    name = test.fact.name
    if name == _AMOUNT:
        asks_for_more = (TestKind.BELOW, TestKind.AT_MOST) if negated else (TestKind.AT_LEAST, TestKind.ABOVE, TestKind.BETWEEN)
        return RuleReason.BELOW_MINIMUM if test.kind in asks_for_more else None
    if test.kind not in ((TestKind.IS, TestKind.IN) if negated else (TestKind.IS_NOT, TestKind.NOT_IN)):
        return None
    if name in _MCCS:
        return RuleReason.EXCLUDED_MCC
    if name == _CODE:
        return RuleReason.EXCLUDED_TRANSACTION_CODE
    return RuleReason.EXCLUDED_MERCHANT if name == "transaction.merchant_no" or name.startswith(MERCHANT_PREFIX) else None
