"""Settle what the plain codes of a transaction already say about a condition, so that rules which cannot apply are never run.

A selector is a text of the transaction that conditions compare with fixed values (transaction code, card type, merchant...). To a condition all values that
it does not name are alike, so a transaction falls into one of few kinds, and the candidates of each kind are worked out once.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from accrual.domain.condition import All, Any, Condition, FactTest, Not, TestKind
from accrual.domain.facts import MERCHANT_PREFIX, FactKind

_SETTLED_BY_CODES: Final = {TestKind.IS, TestKind.IS_NOT, TestKind.IN, TestKind.NOT_IN, TestKind.EXISTS}


class _OtherValue:
    """Stands for every value that no condition names."""

    def __repr__(self) -> str:
        return "OTHER"


OTHER: Final = _OtherValue()


def is_selector_test(test: FactTest) -> bool:
    """Tell whether a test is settled by a code of the transaction."""
    if isinstance(test.operand, frozenset):  # an uploaded list: each of its customers would be a kind of transaction
        return False
    return test.fact.kind is FactKind.TEXT and test.fact.reading.startswith("event.") and test.kind in _SETTLED_BY_CODES


def tests_of(condition: Condition) -> Iterator[FactTest]:
    """Yield every test that stands in a condition."""
    match condition:
        case FactTest():
            yield condition
        case Not(part):
            yield from tests_of(part)
        case All(parts) | Any(parts):
            for part in parts:
                yield from tests_of(part)


def names_merchants(condition: Condition) -> bool:
    """Tell whether a condition looks at facts of the merchant that the transaction does not carry itself."""
    return any(test.fact.name.startswith(MERCHANT_PREFIX) for test in tests_of(condition))


def selectors_of(conditions: Iterable[Condition]) -> dict[str, dict[object, object]]:
    """Return by reading ("event.mcc") the values that conditions name, None included: each stands for itself, all others for OTHER."""
    named: dict[str, dict[object, object]] = {}
    for condition in conditions:
        for test in tests_of(condition):
            if is_selector_test(test):
                values = named.setdefault(test.fact.reading, {None: None})
                if test.kind is not TestKind.EXISTS:
                    values.update((value, value) for value in (test.operand if isinstance(test.operand, tuple) else (test.operand,)))
    return named


def settle(condition: Condition, known: Mapping[str, object]) -> Condition | bool:
    """Return what is left to test of a condition when the selectors are `known` (by reading; a value, None or OTHER); True or False when nothing is."""
    match condition:
        case FactTest():
            return _settle_test(condition, known) if is_selector_test(condition) else condition
        case Not(part):
            rest = settle(part, known)
            return not rest if isinstance(rest, bool) else Not(rest)
        case All(parts):
            return _settle_parts(parts, known, deciding=False)
        case Any(parts):
            return _settle_parts(parts, known, deciding=True)


def _settle_parts(parts: tuple[Condition, ...], known: Mapping[str, object], *, deciding: bool) -> Condition | bool:
    """Settle the parts of an All (one False decides) or an Any (one True does)."""
    left: list[Condition] = []
    for part in parts:
        rest = settle(part, known)
        if not isinstance(rest, bool):
            left.append(rest)
        elif rest is deciding:
            return deciding
    if not left:
        return not deciding
    if len(left) == 1:
        return left[0]
    return Any(tuple(left)) if deciding else All(tuple(left))


def _settle_test(test: FactTest, known: Mapping[str, object]) -> bool:
    value = known[test.fact.reading]
    match test.kind:
        case TestKind.EXISTS:
            return (value is not None) == test.operand
        case TestKind.IS | TestKind.IS_NOT:
            return (value == test.operand) == (test.kind is TestKind.IS)
        case _:
            return (isinstance(test.operand, tuple) and value in test.operand) == (test.kind is TestKind.IN)
