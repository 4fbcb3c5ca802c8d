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
    units = _units_of(sorted(versions, key=lambda version: (version.rule.priority, version.rule.code)))
    ordered: list[tuple[RuleVersion, Policy]] = []
    while units:
        ready = next((unit for unit in units if not needs_of(unit) & {code for other in units if other is not unit for code in codes_of(other)}), units[0])
        units.remove(ready)
        policy = ready[0].rule.stacking.policy if ready[0].rule.stacking is not None else Policy.ALL
        ordered.extend((version, policy) for version in ready)
    return ordered


def _units_of(versions: Sequence["RuleVersion"]) -> list[list["RuleVersion"]]:
    """Return what is decided together: the rules of a group that exclude each other, or one rule alone."""
    groups: dict[str, list[RuleVersion]] = {}
    units: list[list[RuleVersion]] = []
    for version in versions:
        stacking = version.rule.stacking
        if stacking is not None and stacking.group in groups:
            groups[stacking.group].append(version)
            continue
        units.append([version])
        if stacking is not None and stacking.policy is not Policy.ALL:
            groups[stacking.group] = units[-1]
    return units


def needs_of(unit: Sequence["RuleVersion"]) -> set[str]:
    """Return the codes whose results a unit multiplies."""
    return {code for version in unit if isinstance(version.rule.earn, Multiply) for code in version.rule.earn.rules}


def codes_of(unit: Sequence["RuleVersion"]) -> set[str]:
    """Return the codes of a unit."""
    return {version.rule.code for version in unit}
