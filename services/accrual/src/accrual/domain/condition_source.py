"""Turn a condition into a Python function. Operands are passed as constants, never written into the source."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final, Protocol

from accrual.domain.condition import All, Condition, FactTest, Not, TestKind
from accrual.domain.facts import FactKind
from accrual.domain.merchant_facts import MerchantFacts
from loyalty_shared.contracts.core import CustomerChangedV1, TransactionPostedV1


class Meets(Protocol):
    """Tells whether a transaction, with its customer's facts, its local time, its merchant's facts and the rule's counts by period, meets a condition."""

    def __call__(
        self, event: TransactionPostedV1, customer: CustomerChangedV1, local: datetime, merchant: MerchantFacts, counts: Mapping[str, int] | None = None, /
    ) -> bool: ...


_COMPARISONS: Final = {TestKind.AT_LEAST: ">=", TestKind.ABOVE: ">", TestKind.AT_MOST: "<=", TestKind.BELOW: "<", TestKind.IS: "==", TestKind.IS_NOT: "!="}


def compile_condition(condition: Condition) -> Meets:
    """Return the condition as a compiled function."""
    constants: list[object] = []
    source = _source_of(condition, constants)
    names = {f"c{number}": constant for number, constant in enumerate(constants)} | _FUNCTIONS
    compiled: Meets = eval(f"lambda event, customer, local, merchant, counts=None: {source}", names)  # the source has fixed words and names of constants only
    return compiled


def _source_of(condition: Condition, constants: list[object]) -> str:
    match condition:
        case FactTest():
            return _source_of_test(condition, constants)
        case Not(part):
            return f"(not {_source_of(part, constants)})"
        case All(parts):
            return f"({' and '.join(_source_of(part, constants) for part in parts)})" if parts else "True"
        case _:
            return f"({' or '.join(_source_of(part, constants) for part in condition.parts)})" if condition.parts else "False"


def _source_of_test(test: FactTest, constants: list[object]) -> str:
    reading, kind = test.fact.reading, test.kind
    if test.fact.kind is FactKind.ATTRIBUTE:
        return f"attribute_meets({reading}, {_constant(kind, constants)}, {_constant(test.operand, constants)})"
    match kind:
        case TestKind.IS | TestKind.IS_NOT:
            return f"({reading} {_COMPARISONS[kind]} {_constant(test.operand, constants)})"
        case TestKind.IN | TestKind.NOT_IN:
            choices = test.operand if isinstance(test.operand, frozenset) else frozenset(_choices(test))
            return f"({reading} {'in' if kind is TestKind.IN else 'not in'} {_constant(choices, constants)})"
        case TestKind.CONTAINS:
            return f"({_constant(test.operand, constants)} in {reading})"
        case TestKind.EXISTS:
            exists = f"bool({reading})" if test.fact.kind is FactKind.LIST else f"({reading} is not None)"
            return exists if test.operand else f"(not {exists})"
        case TestKind.MATCHES_DAY | TestKind.MATCHES_MONTH:
            matches = f"{kind.value}({reading}, local)"
            return matches if test.operand else f"(not {matches})"
    value = f"v{len(constants)}"
    known = f"({value} := {reading}) is not None and " if test.fact.nullable else f"({value} := {reading}, True)[1] and "
    if kind is TestKind.BETWEEN:
        low, high = _choices(test)
        return f"({known}{_constant(low, constants)} <= {value} <= {_constant(high, constants)})"
    return f"({known}{value} {_COMPARISONS[kind]} {_constant(test.operand, constants)})"


def _choices(test: FactTest) -> tuple[Any, ...]:
    return test.operand if isinstance(test.operand, tuple) else (test.operand,)


def _constant(value: object, constants: list[object]) -> str:
    constants.append(value)
    return f"c{len(constants) - 1}"


def age_on(born_on: date | None, local: datetime) -> int | None:
    """Return the whole years from birth to the transaction date; one more on the birthday itself. None when the birth date is unknown."""
    if born_on is None:
        return None
    return local.year - born_on.year - ((local.month, local.day) < (born_on.month, born_on.day))


def matches_day(day: date | None, local: datetime) -> bool:
    """Tell whether the transaction date is an anniversary of `day`; of 29 February it is 28 February in other years."""
    if day is None or day.month != local.month:
        return False
    if day.month == 2 and day.day == 29 and local.day == 28:
        return local.year % 4 != 0 or (local.year % 100 == 0 and local.year % 400 != 0)
    return day.day == local.day


def matches_month(day: date | None, local: datetime) -> bool:
    """Tell whether the transaction date is in the month of `day`, whatever the year."""
    return day is not None and day.month == local.month


def attribute_meets(value: object, kind: TestKind, operand: Any) -> bool:
    """Test an attribute, whose type is upstream's: a value of another type than the operand's is not equal to it and fails every comparison."""
    match kind:
        case TestKind.EXISTS:
            return (value is not None) is operand
        case TestKind.IS | TestKind.IS_NOT:
            return _same(value, operand) == (kind is TestKind.IS)
        case TestKind.IN | TestKind.NOT_IN:
            return any(_same(value, choice) for choice in operand) == (kind is TestKind.IN)
        case TestKind.CONTAINS:
            return isinstance(value, list) and any(_same(element, operand) for element in value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    match kind:
        case TestKind.AT_LEAST:
            return bool(value >= operand)
        case TestKind.ABOVE:
            return bool(value > operand)
        case TestKind.AT_MOST:
            return bool(value <= operand)
        case TestKind.BELOW:
            return bool(value < operand)
        case _:
            return bool(operand[0] <= value <= operand[1])


def _same(value: object, operand: object) -> bool:
    return bool(value == operand) and isinstance(value, bool) == isinstance(operand, bool)


_FUNCTIONS: Final[dict[str, object]] = {function.__name__: function for function in (age_on, matches_day, matches_month, attribute_meets)}
