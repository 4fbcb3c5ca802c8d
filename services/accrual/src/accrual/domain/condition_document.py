"""Read the `when` of a rule document: all, any, not, and tests on facts."""

from datetime import UTC, datetime
from typing import Any, Final

from accrual.domain.condition import ALWAYS, All, Condition, FactTest, Not, Scalar, TestKind
from accrual.domain.condition import Any as AnyOf
from accrual.domain.document_reader import DocumentReader, join, listed, nearest, said
from accrual.domain.facts import ATTRIBUTE_PREFIXES, COUNT_FORMS, COUNT_PREFIX, FACTS, Fact, FactKind, find_fact
from accrual.domain.trigger import Trigger

DEPTH_MAX: Final = 16
PARTS_MAX: Final = 500
CHOICES_MAX: Final = 10_000

_EQUALITY: Final = frozenset({TestKind.IS, TestKind.IS_NOT, TestKind.IN, TestKind.NOT_IN})
_ORDER: Final = frozenset({TestKind.AT_LEAST, TestKind.ABOVE, TestKind.AT_MOST, TestKind.BELOW, TestKind.BETWEEN})
_CALENDAR: Final = frozenset({TestKind.MATCHES_DAY, TestKind.MATCHES_MONTH})
_TESTS_OF: Final[dict[FactKind, frozenset[TestKind]]] = {
    FactKind.TEXT: _EQUALITY | {TestKind.EXISTS},
    FactKind.NUMBER: _EQUALITY | _ORDER | {TestKind.EXISTS},
    FactKind.DATE: _EQUALITY | _ORDER | _CALENDAR | {TestKind.EXISTS},
    FactKind.INSTANT: _EQUALITY | _ORDER | {TestKind.EXISTS},
    FactKind.LIST: frozenset({TestKind.CONTAINS, TestKind.EXISTS}),
    FactKind.WEEKDAY: _EQUALITY | _ORDER | {TestKind.EXISTS},
    FactKind.ATTRIBUTE: _EQUALITY | _ORDER | {TestKind.CONTAINS, TestKind.EXISTS},
}
_TESTS: Final = tuple(kind.value for kind in TestKind)
_WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def read_condition(value: object, path: str, trigger: Trigger, reader: DocumentReader, *, depth: int = 0) -> Condition:
    """Return the condition that the `when` of a rule on `trigger` says."""
    if depth > DEPTH_MAX:
        reader.fault(path, f"conditions stand in each other more than {DEPTH_MAX} deep; write them flatter")
        return ALWAYS
    form = reader.one_key(value, path, ("all", "any", "not", "fact"))
    if form is None or not isinstance(value, dict):
        return ALWAYS
    if form == "fact":
        return _read_tests(value, path, trigger, reader)
    reader.mapping(value, path, needs=(form,))
    if form == "not":
        return Not(read_condition(value["not"], join(path, "not"), trigger, reader, depth=depth + 1))
    parts = tuple(read_condition(part, at, trigger, reader, depth=depth + 1) for part, at in reader.items(value[form], join(path, form), at_most=PARTS_MAX))
    return All(parts) if form == "all" else AnyOf(parts)


def _read_tests(value: dict[str, Any], path: str, trigger: Trigger, reader: DocumentReader) -> Condition:
    fact = _read_fact(value["fact"], join(path, "fact"), trigger, reader)
    reader.mapping(value, path, needs=("fact",), takes=_TESTS)
    kinds = [TestKind(key) for key in value if key in _TESTS]
    if len(value) == 1:
        reader.fault(path, f"this fact is not tested; add one of {listed(_TESTS)}")
    if fact is None or not kinds:
        return ALWAYS
    tests = []
    for kind in kinds:
        if kind not in _TESTS_OF[fact.kind]:
            fitting = listed([each for each in _TESTS if each in _TESTS_OF[fact.kind]])
            reader.fault(join(path, kind), f"'{kind}' does not go with '{fact.name}', which is a {fact.kind.value}; it takes {fitting}")
            continue
        tests.append(FactTest(fact, kind, _read_operand(value[kind.value], join(path, kind), fact, kind, reader)))
    return tests[0] if len(tests) == 1 else All(tuple(tests))


def _read_fact(value: object, path: str, trigger: Trigger, reader: DocumentReader) -> Fact | None:
    fact = find_fact(value, trigger) if isinstance(value, str) else None
    if fact is not None:
        return fact
    sees = [*FACTS[trigger], *(f"{prefix}NAME" for prefix in (ATTRIBUTE_PREFIXES.get(trigger),) if prefix)]
    if isinstance(value, str) and any(find_fact(value, other) for other in Trigger):
        families = ", ".join(dict.fromkeys(f"{name.split('.')[0]}.*" for name in sees))
        reader.fault(path, f"a rule on '{trigger}' cannot see '{value}'; it sees {families}")
    elif isinstance(value, str) and value.startswith(COUNT_PREFIX):
        reader.fault(path, f"'{value}' is no count; it takes {COUNT_FORMS}")
    else:
        reader.fault(path, f"{said(value)} is not a fact; {nearest(str(value), sees)}")
    return None


def _read_operand(value: object, path: str, fact: Fact, kind: TestKind, reader: DocumentReader) -> Scalar | tuple[Scalar, ...]:
    match kind:
        case TestKind.EXISTS | TestKind.MATCHES_DAY | TestKind.MATCHES_MONTH:
            if not isinstance(value, bool):
                reader.fault(path, f"write true or false here, not {said(value)}")
            return bool(value)
        case TestKind.IN | TestKind.NOT_IN:
            return tuple(_read_scalar(choice, at, fact, reader) for choice, at in reader.items(value, path, at_least=1, at_most=CHOICES_MAX))
        case TestKind.BETWEEN:
            bounds = tuple(_read_scalar(bound, at, fact, reader, ordered=True) for bound, at in reader.items(value, path, at_least=2, at_most=2))
            if len(bounds) == 2 and type(bounds[0]) is type(bounds[1]) and bounds[0] > bounds[1]:  # type: ignore[operator]  # of one type by now
                reader.fault(path, "the first bound is above the second; write the lower one first")
            return bounds
        case TestKind.AT_LEAST | TestKind.ABOVE | TestKind.AT_MOST | TestKind.BELOW:
            return _read_scalar(value, path, fact, reader, ordered=True)
        case _:
            return _read_scalar(value, path, fact, reader)


def _read_scalar(value: object, path: str, fact: Fact, reader: DocumentReader, *, ordered: bool = False) -> Scalar:
    match fact.kind:
        case FactKind.TEXT | FactKind.LIST:
            return reader.text(value, path)
        case FactKind.NUMBER:
            return reader.integer(value, path, low=0)
        case FactKind.DATE:
            return reader.day(value, path)
        case FactKind.INSTANT:
            return _read_instant(value, path, reader)
        case FactKind.WEEKDAY:
            return _read_weekday(value, path, reader)
        case FactKind.ATTRIBUTE:
            if isinstance(value, str | int | float) and not (ordered and isinstance(value, bool | str)):
                return value
            reader.fault(path, f"write a {'number' if ordered else 'text, a number, true or false'} here, not {said(value)}")
            return 0


def _read_instant(value: object, path: str, reader: DocumentReader) -> datetime:
    try:
        if isinstance(value, str) and (instant := datetime.fromisoformat(value)).tzinfo is not None:
            return instant
    except ValueError:
        pass
    reader.fault(path, f"write an instant with its offset, 2026-03-01T09:30:00+08:00, here, not {said(value)}")
    return datetime.max.replace(tzinfo=UTC)


def _read_weekday(value: object, path: str, reader: DocumentReader) -> int:
    if isinstance(value, str):
        for number, name in enumerate(_WEEKDAYS, start=1):
            if value.lower() in (name, name[:3]):
                return number
    elif isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 7:
        return value
    reader.fault(path, f"write a weekday, 1 (Monday) to 7 (Sunday) or its English name, here, not {said(value)}")
    return 1
