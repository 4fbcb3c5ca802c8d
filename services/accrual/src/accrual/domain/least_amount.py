"""The least amount that a rule asks a purchase for, as those who split purchases know it."""

from accrual.domain.condition import All, Condition, FactTest, TestKind
from accrual.domain.rule import Rule


def least_amount_of(rule: Rule) -> int | None:
    """Return the least amount, in minor units, that the rule's conditions always ask for; None when they ask for none, or say it in another way."""
    return _least(rule.when)


def _least(condition: Condition) -> int | None:
    match condition:
        case All(parts):
            return max((found for part in parts if (found := _least(part)) is not None), default=None)
        case FactTest(fact=fact, kind=TestKind.AT_LEAST, operand=int(amount)) if fact.name == "transaction.amount_minor":
            return amount
        case FactTest(fact=fact, kind=TestKind.ABOVE, operand=int(amount)) if fact.name == "transaction.amount_minor":
            return amount + 1
        case FactTest(fact=fact, kind=TestKind.BETWEEN, operand=(int(low), _)) if fact.name == "transaction.amount_minor":
            return low
        case _:
            return None
