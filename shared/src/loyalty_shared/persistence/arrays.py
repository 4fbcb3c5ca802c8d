"""Python lists as PostgreSQL array literals: one parameter for thousands of values, at a fraction of what the driver's own lists cost."""

from collections.abc import Iterable


def text_array(values: Iterable[str]) -> str:
    """Return the literal of a text[]; pass it as one parameter, cast in the statement."""
    texts = list(values)
    if not texts:
        return "{}"
    joined = "\x00".join(texts)  # PostgreSQL's text has no NUL, so no value that it could keep holds the separator
    if "\\" in joined or '"' in joined:
        joined = joined.replace("\\", "\\\\").replace('"', '\\"')
    return '{"' + joined.replace("\x00", '","') + '"}'


def number_array(values: Iterable[int]) -> str:
    """Return the literal of an integer array of any width."""
    return "{" + ",".join(map(str, values)) + "}"
