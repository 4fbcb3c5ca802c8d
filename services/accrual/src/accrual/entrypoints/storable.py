"""Free-form documents that are kept or compared as they came: PostgreSQL's text has no NUL character."""

from collections.abc import Iterator
from typing import Any

from loyalty_shared.web.problems import INVALID_REQUEST, ProblemError, Reason


def require_storable(document: Any, path: str) -> None:
    """Raise ProblemError (422) naming where in a JSON document a text holds a NUL character."""
    reasons = [Reason(found, "it holds a NUL character", "Leave the character out.") for found in _with_nul(document, path)]
    if reasons:
        raise ProblemError(INVALID_REQUEST, reasons)


def _with_nul(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, str) and "\x00" in value:
        yield path
    elif isinstance(value, dict):
        for name, member in value.items():
            yield from _with_nul(name, path)
            yield from _with_nul(member, f"{path}.{name}")
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from _with_nul(member, f"{path}[{index}]")
