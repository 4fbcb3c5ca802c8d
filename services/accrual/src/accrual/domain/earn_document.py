"""Read the `earn` of a rule document: what the rule gives."""

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Final

from accrual.domain.document_reader import DocumentReader, join, said
from accrual.domain.facts import COUNT_FORMS, COUNT_PREFIX, find_fact
from accrual.domain.rule import Band, Bands, Earn, Fixed, Multiply, Nth, PerMinor
from accrual.domain.trigger import Trigger

BANDS_MAX: Final = 100
MULTIPLIED_MAX: Final = 100
_FACTOR: Final = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6})?")
_OF_AMOUNTS: Final = ("per_minor", "bands")
_HARMLESS: Final = Fixed(points=1)


def read_earn(value: object, path: str, trigger: Trigger, reader: DocumentReader) -> Earn:
    """Return what the `earn` of a rule on `trigger` says the rule gives."""
    if trigger is Trigger.BEHAVIOUR and isinstance(value, dict) and not value.keys().isdisjoint(_OF_AMOUNTS):
        reader.fault(path, 'a behaviour has no amount to earn by; write {"fixed": 10}')
    if isinstance(value, dict) and "nth" in value:
        return _read_nth(reader.mapping(value, path, needs=("nth", "of", "fixed")), path, trigger, reader)
    form = reader.one_key(value, path, ("per_minor", "fixed", "bands", "multiply"))
    if form is None:
        return _HARMLESS
    match form:
        case "per_minor":
            return _read_per_minor(reader.mapping(value, path, needs=("per_minor", "points")), path, reader)
        case "fixed":
            return Fixed(points=reader.integer(reader.mapping(value, path, needs=("fixed",))["fixed"], join(path, "fixed")))
        case "bands":
            return _read_bands(reader.mapping(value, path, needs=("bands",), takes=("mode",)), path, reader)
        case _:
            return _read_multiply(reader.mapping(value, path, needs=("multiply",))["multiply"], join(path, "multiply"), reader)


def _read_per_minor(parts: Mapping[str, Any], path: str, reader: DocumentReader) -> PerMinor:
    return PerMinor(
        per_minor=reader.integer(parts["per_minor"], join(path, "per_minor")),
        points=reader.integer(parts["points"], join(path, "points")) if "points" in parts else 1,
    )


def _read_nth(parts: Mapping[str, Any], path: str, trigger: Trigger, reader: DocumentReader) -> Earn:
    if not all(key in parts for key in ("nth", "of", "fixed")):
        return _HARMLESS
    of = parts["of"]
    name = of if isinstance(of, str) and of.startswith(COUNT_PREFIX) else f"{COUNT_PREFIX}{of}"
    if trigger is Trigger.BALANCE:
        reader.fault(path, "a month's balance comes once a month and is not counted; leave 'nth' out")
        return _HARMLESS
    if not isinstance(of, str) or find_fact(name, trigger) is None:
        reader.fault(join(path, "of"), f"{said(of)} is no count; it takes {COUNT_FORMS}")
        return _HARMLESS
    return Nth(nth=reader.integer(parts["nth"], join(path, "nth")), of=name, points=reader.integer(parts["fixed"], join(path, "fixed")))


def _read_bands(parts: Mapping[str, Any], path: str, reader: DocumentReader) -> Earn:
    mode = parts.get("mode", "step")
    if mode not in ("step", "marginal"):
        reader.fault(join(path, "mode"), f"{said(mode)} is not known here; write 'step' or 'marginal'")
    bands: list[Band] = []
    for element, at in reader.items(parts["bands"], join(path, "bands"), at_least=1, at_most=BANDS_MAX):
        band = reader.mapping(element, at, needs=("from_minor", "points"), takes=("per_minor",))
        if "from_minor" not in band or "points" not in band:
            continue
        start = reader.integer(band["from_minor"], join(at, "from_minor"), low=0)
        if bands and start <= bands[-1].from_minor:
            reader.fault(join(at, "from_minor"), f"bands go upwards: write more than {bands[-1].from_minor}")
        gives = _read_per_minor(band, at, reader) if "per_minor" in band else Fixed(points=reader.integer(band["points"], join(at, "points"), low=0))
        bands.append(Band(from_minor=start, gives=gives))
    return Bands(bands=tuple(bands), marginal=mode == "marginal")


def _read_multiply(value: object, path: str, reader: DocumentReader) -> Earn:
    parts = reader.mapping(value, path, needs=("rules", "by"))
    if "rules" not in parts or "by" not in parts:
        return _HARMLESS
    rules = tuple(reader.code(code, at) for code, at in reader.items(parts["rules"], join(path, "rules"), at_least=1, at_most=MULTIPLIED_MAX))
    if len(set(rules)) < len(rules):
        reader.fault(join(path, "rules"), "a rule is named twice; name each once")
    return Multiply(rules=rules, by=_read_factor(parts["by"], join(path, "by"), reader))


def _read_factor(value: object, path: str, reader: DocumentReader) -> Fraction:
    written = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if isinstance(written, str) and _FACTOR.fullmatch(written) and Fraction(written) > 1:
        return Fraction(written)
    reader.fault(path, f'write a factor above 1 as text, such as "1.5" for half as much again, here, not {said(value)}')
    return Fraction(2)
