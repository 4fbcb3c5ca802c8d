"""In which order rules are decided: a multiplier after the rules it multiplies, the rules of a group together, else by priority and code."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from accrual.domain.rule import Multiply, Policy

if TYPE_CHECKING:
    from accrual.domain.rule_set import RuleVersion


def deciding_order(versions: Iterable["RuleVersion"]) -> list[tuple["RuleVersion", Policy]]:
    """Return versions in deciding order, each with its group's policy: that of the group's first rule.

    Groups that need each other's results (refused at approval, see `conflicts`) are decided by priority; what is not yet decided then counts as nothing.
    """
    by_priority = sorted(versions, key=lambda version: (version.rule.priority, version.rule.code))
    policies = _policies_of(by_priority)
    units = _units_of(by_priority, policies)
    ordered: list[tuple[RuleVersion, Policy]] = []
    while units:
        ready = next((unit for unit in units if not _waits_for(unit, units)), units[0])
        units.remove(ready)
        ordered.extend((version, _policy_of(version, policies)) for version in ready)
    return ordered


def _policies_of(by_priority: Sequence["RuleVersion"]) -> dict[str, Policy]:
    policies: dict[str, Policy] = {}
    for version in by_priority:
        if version.rule.stacking is not None:
            policies.setdefault(version.rule.stacking.group, version.rule.stacking.policy)
    return policies


def _policy_of(version: "RuleVersion", policies: dict[str, Policy]) -> Policy:
    return Policy.ALL if version.rule.stacking is None else policies[version.rule.stacking.group]


def _units_of(by_priority: Sequence["RuleVersion"], policies: dict[str, Policy]) -> list[list["RuleVersion"]]:
    """Return what is decided together: the rules of a group that exclude each other, or one rule alone."""
    units: list[list[RuleVersion]] = []
    groups: dict[str, list[RuleVersion]] = {}
    for version in by_priority:
        stacking = version.rule.stacking
        if stacking is None or policies[stacking.group] is Policy.ALL:
            units.append([version])
        elif stacking.group in groups:
            groups[stacking.group].append(version)
        else:
            groups[stacking.group] = [version]
            units.append(groups[stacking.group])
    return units


def _waits_for(unit: list["RuleVersion"], units: list[list["RuleVersion"]]) -> bool:
    """Tell whether a unit multiplies rules of another that is still to be decided."""
    multiplied = {code for version in unit if isinstance(version.rule.earn, Multiply) for code in version.rule.earn.rules}
    return bool(multiplied) and any(version.rule.code in multiplied for other in units if other is not unit for version in other)
