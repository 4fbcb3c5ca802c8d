"""Typed reading of decoded JSON that finds every fault in one pass.

After a fault a harmless value is returned so that the reading goes on; what is made from a faulty document is never handed out.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from difflib import get_close_matches
from enum import StrEnum
from typing import Any, Final, TypeVar

from accrual.domain.rule_faults import Fault
from loyalty_shared.kernel.points import POINTS_MAX

CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
Chosen = TypeVar("Chosen", bound=StrEnum)


class DocumentReader:
    """Reads parts of one document and collects its faults."""

    __slots__ = ("faults",)

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def fault(self, path: str, message: str) -> None:
        """Note a fault."""
        self.faults.append(Fault(path, message))

    def mapping(self, value: object, path: str, *, needs: Sequence[str] = (), takes: Sequence[str] = ()) -> Mapping[str, Any]:
        """Return a JSON object that has all keys of `needs` and no key beyond `needs` and `takes`."""
        if not isinstance(value, dict):
            self.fault(path, f"write an object, {{...}}, here, not {said(value)}")
            return {}
        known = [*needs, *takes]
        for key in value:
            if key not in known:
                self.fault(join(path, key), f"there is no '{key}' here; {nearest(key, known)}")
        for key in needs:
            if key not in value:
                self.fault(join(path, key), f"'{key}' is missing; add it")
        return value

    def items(self, value: object, path: str, *, at_least: int = 0, at_most: int) -> Iterator[tuple[Any, str]]:
        """Yield the elements of a JSON list with their paths."""
        if not isinstance(value, list):
            self.fault(path, f"write a list, [...], here, not {said(value)}")
            return
        if not at_least <= len(value) <= at_most:
            self.fault(path, f"this list has {len(value)} elements; it takes {at_least} to {at_most}")
            return
        for position, element in enumerate(value):
            yield element, f"{path}[{position}]"

    def integer(self, value: object, path: str, *, low: int = 1, high: int = POINTS_MAX) -> int:
        """Return a whole number from `low` to `high`."""
        if isinstance(value, bool) or not isinstance(value, int):
            self.fault(path, f"write a whole number here, not {said(value)}")
            return low
        if not low <= value <= high:
            self.fault(path, f"{value} is outside {low} to {high}; write a number in between")
            return low
        return value

    def code(self, value: object, path: str) -> str:
        """Return a code: letters, digits, '-', '_' and '.', at most 64."""
        if not isinstance(value, str) or not CODE.fullmatch(value):
            self.fault(path, f"write a code of letters, digits, '-', '_' or '.', at most 64, here, not {said(value)}")
            return "-"
        return value

    def text(self, value: object, path: str, *, length_max: int = 256) -> str:
        """Return a text that is not empty."""
        if not isinstance(value, str) or not 0 < len(value) <= length_max:
            self.fault(path, f"write a text of 1 to {length_max} characters here, not {said(value)}")
            return "-"
        return value

    def day(self, value: object, path: str) -> date:
        """Return a date written YYYY-MM-DD."""
        try:
            if isinstance(value, str) and len(value) == 10:
                return date.fromisoformat(value)
        except ValueError:
            pass
        self.fault(path, f"write a date that exists as YYYY-MM-DD here, not {said(value)}")
        return date.max

    def choice(self, value: object, path: str, choices: type[Chosen]) -> Chosen:
        """Return a member of a closed set of words."""
        words = [member.value for member in choices]
        if isinstance(value, str) and value in words:
            return choices(value)
        self.fault(path, f"{said(value)} is not known here; {nearest(value if isinstance(value, str) else '', words)}")
        return next(iter(choices))

    def one_key(self, value: object, path: str, keys: Collection[str]) -> str | None:
        """Return which one of `keys` an object has: its form. None, noted, when it has none or several."""
        if not isinstance(value, dict):
            self.fault(path, f"write an object with one of {listed(keys)} here, not {said(value)}")
            return None
        present = [key for key in value if key in keys]
        if len(present) == 1:
            return str(present[0])
        if present:
            self.fault(path, f"{listed(present)} exclude each other; keep one")
        elif value:
            first = next(iter(value))
            self.fault(join(path, first), f"there is no '{first}' here; {nearest(first, keys)}")
        else:
            self.fault(path, f"one of {listed(keys)} is missing; add it")
        return None


def join(path: str, key: str) -> str:
    """Return the path of a key of the object at `path`."""
    return f"{path}.{key}" if path else key


def listed(words: Collection[str]) -> str:
    """Return words for a message: 'a', 'b'."""
    return ", ".join(f"'{word}'" for word in words)


def nearest(word: str, known: Collection[str]) -> str:
    """Return what to write instead: the nearest known word, or all of them."""
    near = get_close_matches(word, list(known), n=1)
    return f"did you mean '{near[0]}'?" if near else f"it takes {listed(known)}"


def said(value: object) -> str:
    """Return a value as the writer of the document would know it, shortened."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case dict():
            return "an object"
        case list():
            return "a list"
        case str():
            return f"'{value[:40]}{'...' if len(value) > 40 else ''}'"
    return str(value)[:40]
