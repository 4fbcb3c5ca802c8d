"""What a rule would clash with among the approved ones, told when it is saved."""

from collections.abc import Iterable

from msgspec import Struct

from accrual.domain.rule import Rule
from accrual.domain.rule_set import RuleVersion


class Conflict(Struct, frozen=True):
    """A clash with another rule. `blocking`: the two cannot be in force together, so approval is refused."""

    code: str
    with_rule: str | None
    message: str
    blocking: bool


def find_conflicts(rule: Rule, others: Iterable[RuleVersion]) -> tuple[Conflict, ...]:
    """Return the clashes of a rule with approved versions of other codes whose dates overlap its own."""
    raise NotImplementedError
