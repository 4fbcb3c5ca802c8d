"""Read a rule document (contracts.md section 4) into a `Rule`, or tell every fault in it."""

from accrual.domain.rule import Rule
from accrual.domain.rule_faults import Fault


def rule_from_document(document: object) -> Rule | tuple[Fault, ...]:
    """Return the rule that a decoded JSON document says, or all its faults."""
    raise NotImplementedError
