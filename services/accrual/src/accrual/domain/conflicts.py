"""What a rule would clash with among the approved ones, told when it is saved and again when it is approved."""

from collections.abc import Iterable, Sequence
from datetime import date

from accrual.domain.condition import All
from accrual.domain.conflict import Conflict
from accrual.domain.reachability import can_hold, implies, whole_condition
from accrual.domain.rule import Multiply, Policy, Rule
from accrual.domain.rule_set import RuleVersion


def find_conflicts(rule: Rule, others: Iterable[RuleVersion]) -> tuple[Conflict, ...]:
    """Return the clashes of a rule with approved versions of other codes whose dates overlap its own; rules on other triggers never meet it."""
    beside = [other for other in others if other.rule.code != rule.code and other.rule.trigger is rule.trigger and _overlap(rule, other)]
    return (*_multiplied_unknown(rule, beside), *_multiply_cycles(rule, beside), *_group_clashes(rule, beside))


def _multiplied_unknown(rule: Rule, beside: Sequence[RuleVersion]) -> list[Conflict]:
    known = {other.rule.code for other in beside}
    return [
        Conflict(
            "multiplied-rule-unknown",
            code,
            f"'{code}' is multiplied but no approved rule of that code covers these dates; approve it, or correct the code",
            False,
        )
        for code in _multiplied(rule)
        if code not in known
    ]


def _multiply_cycles(rule: Rule, beside: Sequence[RuleVersion]) -> list[Conflict]:
    """Return what the rule multiplies that in turn needs the rule's own result, directly or through its group or other rules."""
    needs: dict[str, set[str]] = {}
    for other in beside:
        needs.setdefault(other.rule.code, set()).update(_multiplied(other.rule), _decided_with(other.rule, beside), _decided_with_rule(other.rule, rule))
    conflicts = []
    for code in _multiplied(rule):
        reached = {code}
        open_codes = [code]
        while open_codes:
            found = needs.get(open_codes.pop(), set()) - reached
            reached |= found
            open_codes.extend(found)
        if rule.code in reached:
            conflicts.append(
                Conflict("multiply-cycle", code, f"'{code}' is decided together with or after '{rule.code}', which multiplies it; part them", True)
            )
    return conflicts


def _decided_with(rule: Rule, beside: Sequence[RuleVersion]) -> set[str]:
    return {other.rule.code for other in beside if _exclude_each_other(rule, other.rule)}


def _decided_with_rule(other: Rule, rule: Rule) -> set[str]:
    return {rule.code} if _exclude_each_other(other, rule) else set()


def _exclude_each_other(one: Rule, other: Rule) -> bool:
    if one.stacking is None or other.stacking is None or one.stacking.group != other.stacking.group:
        return False
    return one.stacking.policy is not Policy.ALL and other.stacking.policy is not Policy.ALL


def _group_clashes(rule: Rule, beside: Sequence[RuleVersion]) -> list[Conflict]:
    if rule.stacking is None:
        return []
    group, policy = rule.stacking.group, rule.stacking.policy
    conflicts = []
    for other in beside:
        theirs = other.rule.stacking
        if theirs is None or theirs.group != group:
            continue
        if theirs.policy is not policy:
            message = f"'{other.rule.code}' is in group '{group}' with policy '{theirs.policy}'; the group's first rule by priority decides which holds"
            conflicts.append(Conflict("group-policies-differ", other.rule.code, message, False))
        elif policy is not Policy.ALL:
            conflicts += _overlaps_in_group(rule, other)
    return conflicts


def _overlaps_in_group(rule: Rule, other: RuleVersion) -> list[Conflict]:
    """Return what happens where both apply, of two rules of which only one gives: nothing where no transaction can meet both."""
    assert rule.stacking is not None
    mine, theirs = whole_condition(rule), whole_condition(other.rule, other.stopped_on)
    if not can_hold(All((mine, theirs))):
        return []
    code, group = other.rule.code, rule.stacking.group
    if rule.stacking.policy is Policy.BEST:
        return [Conflict("overlap-in-group", code, f"'{code}' of group '{group}' applies to some of the same; the one that gives more then does", False)]
    if other.rule.priority == rule.priority:
        message = f"'{code}' has the same priority {rule.priority} in group '{group}'; give one a lower number to put it first"
        return [Conflict("same-priority-in-group", code, message, False)]
    first, second, wider = (code, rule.code, implies(mine, theirs)) if other.rule.priority < rule.priority else (rule.code, code, implies(theirs, mine))
    if wider:
        message = f"wherever '{second}' applies, '{first}' of group '{group}' does too and goes first; '{second}' is left with what '{first}' gives nothing for"
        return [Conflict("unreachable-rule", code, message, False)]
    return [Conflict("overlap-in-group", code, f"'{code}' of group '{group}' applies to some of the same; '{first}' goes first there, by priority", False)]


def _multiplied(rule: Rule) -> tuple[str, ...]:
    return rule.earn.rules if isinstance(rule.earn, Multiply) else ()


def _overlap(rule: Rule, other: RuleVersion) -> bool:
    ends = [end for end in (rule.applies_to, other.rule.applies_to, other.stopped_on) if end is not None]
    start = max(rule.applies_from or date.min, other.rule.applies_from or date.min)
    return all(start < end for end in ends)
