"""The most a rule can give at once: a rule that could give more than a point balance can record is refused when it is saved."""

from collections.abc import Iterable, Sequence
from typing import Final

from accrual.domain.earning import gives_of
from accrual.domain.rule import Bands, Multiply, Rule
from accrual.domain.rule_faults import Fault
from accrual.domain.rule_set import RuleVersion
from loyalty_shared.kernel.points import POINTS_MAX

#: The largest amount of an event (contracts.md section 2): one point for each minor unit of it still fits, two do not.
AMOUNT_MAX: Final = 2**53 - 1


def faults_of_overflow(rule: Rule, in_force: Iterable[RuleVersion]) -> tuple[Fault, ...]:
    """Return the fault of a rule whose form alone, for some amount and before its limits, gives more than 2**53 - 1 points; () when none does.

    Of a multiplier the approved versions of what it multiplies count, of each code the one that gives most; a code without one counts as nothing. Several
    rules together may still pass the bound for an amount: such a decision gives nothing and says `too-many-points`.
    """
    if _most_points(rule, [version.rule for version in in_force], {}) <= POINTS_MAX:
        return ()
    form = "multiply" if isinstance(rule.earn, Multiply) else "bands" if isinstance(rule.earn, Bands) else "points"
    message = f"for the largest amount ({AMOUNT_MAX} minor units) this gives more than {POINTS_MAX} points, the most that can be recorded; give fewer"
    return (Fault(f"earn.{form}", message),)


def _most_points(rule: Rule, others: Sequence[Rule], known: dict[str, int]) -> int:
    """Return the most points that a rule's form gives for any amount, before its limits. `known`: what codes that are multiplied give, as it is found out."""
    gives = gives_of(rule.earn, rule.rounding)
    match rule.earn:
        case Multiply(rules=codes):
            return gives(sum(_most_of_code(code, others, known) for code in codes))
        case Bands(bands=bands):
            return max(gives(amount) for amount in [AMOUNT_MAX, *(band.from_minor - 1 for band in bands[1:])])
        case _:
            return gives(AMOUNT_MAX)


def _most_of_code(code: str, others: Sequence[Rule], known: dict[str, int]) -> int:
    """Return the most points that any version of a code gives, after its limits."""
    if code not in known:
        known[code] = 0  # of multipliers that need each other (refused at approval) the later counts as nothing, as when they are decided
        each = [min([_most_points(other, others, known), *(limit.points for limit in other.limits)]) for other in others if other.code == code]
        known[code] = max(each, default=0)
    return known[code]
