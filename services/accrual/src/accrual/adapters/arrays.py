"""Python lists as PostgreSQL array literals: one parameter for thousands of values, at a fraction of what the driver's own lists cost."""

from collections.abc import Iterable


def text_array(values: Iterable[str]) -> str:
    """Return the literal of a text[]; pass it as one parameter, cast in the statement."""
    joined = "\x00".join(values)  # PostgreSQL's text has no NUL, so no value can hold the separator
    if not joined:
        return "{}"
    if "\\" in joined or '"' in joined:
        joined = joined.replace("\\", "\\\\").replace('"', '\\"')
    return '{"' + joined.replace("\x00", '","') + '"}'


def number_array(values: Iterable[int]) -> str:
    """Return the literal of an integer array of any width."""
    return "{" + ",".join(map(str, values)) + "}"
