"""What in a rule itself does nothing or is missing, told when it is saved: nothing of it blocks an approval."""

from collections.abc import Iterator

from accrual.domain.condition import All, Condition, FactTest, Not, TestKind
from accrual.domain.condition import Any as AnyOf
from accrual.domain.conflict import Conflict
from accrual.domain.reachability import can_hold, implies, whole_condition
from accrual.domain.rule import Bands, Fixed, Multiply, Nth, PerMinor, Rule


def conflicts_within(rule: Rule) -> Iterator[Conflict]:
    """Yield what is wrong with a rule alone."""
    if not can_hold(whole_condition(rule)):
        message = "its conditions and dates contradict each other, so that it can never apply; look for a value that is both asked for and excluded"
        yield Conflict("unreachable-rule", None, message, False)
    else:
        yield from _exclusions_swallowed(rule.when)
    yield from _limits_below_a_step(rule)
    if not rule.cost_bearers and rule.campaign is None:
        message = 'nobody bears the cost of its points; add cost_bearers, such as [{"party": "retail", "percent": 100}]'
        yield Conflict("missing-cost-bearer", None, message, False)


def _exclusions_swallowed(when: Condition) -> Iterator[Conflict]:
    """Yield each exclusion that the rest of the conditions already makes: the later of two that say the same."""
    left = list(_parts_that_all_hold(when))
    for part in reversed(list(left)):
        if not _excludes(part):
            continue
        others = [other for other in left if other is not part]
        if implies(All(tuple(others)), part):
            left = others
            message = f"the exclusion by {_facts_of(part)} changes nothing: the other conditions exclude all of it already; leave it out, or correct them"
            yield Conflict("exclusion-swallowed", None, message, False)


def _parts_that_all_hold(condition: Condition) -> Iterator[Condition]:
    match condition:
        case All(parts):
            for part in parts:
                yield from _parts_that_all_hold(part)
        case Not(AnyOf(parts)):
            for part in parts:
                yield from _parts_that_all_hold(Not(part))
        case Not(Not(part)):
            yield from _parts_that_all_hold(part)
        case _:
            yield condition


def _excludes(part: Condition) -> bool:
    return isinstance(part, Not) or (isinstance(part, FactTest) and part.kind in (TestKind.IS_NOT, TestKind.NOT_IN))


def _facts_of(condition: Condition) -> str:
    match condition:
        case FactTest(fact=fact):
            return f"'{fact.name}'"
        case Not(part):
            return _facts_of(part)
        case All(parts) | AnyOf(parts):
            return " and ".join(dict.fromkeys(_facts_of(part) for part in parts))


def _limits_below_a_step(rule: Rule) -> Iterator[Conflict]:
    step = _step_of(rule)
    for index, limit in enumerate(rule.limits):
        if limit.points < step:
            message = f"limits[{index}] allows {limit.points} points and the least that the rule means to give is {step}; raise the limit, or give less"
            yield Conflict("limit-below-step", None, message, False)


def _step_of(rule: Rule) -> int:
    """Return the points of the rule's smallest step: what its form gives for one whole unit. Of a multiplier one point."""
    match rule.earn:
        case PerMinor(points=points) | Fixed(points=points) | Nth(points=points):
            return points
        case Bands(bands=bands):
            return min((band.gives.points for band in bands if band.gives.points), default=0)
        case Multiply():
            return 1
