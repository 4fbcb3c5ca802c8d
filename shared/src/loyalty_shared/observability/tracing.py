"""W3C `traceparent`, carried through: from a call or a record to what it causes. No tracer is needed for that."""

import re
import secrets
from contextvars import ContextVar
from typing import Final

_TRACEPARENT: Final = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})")
TRACEPARENT_CHARACTERS: Final = 55
_current: ContextVar[str | None] = ContextVar("traceparent", default=None)


def trace_id_of(traceparent: str | None) -> str | None:
    """Return the trace id (32 hex digits), or None when there is no traceparent or it is not well formed: such a one is dropped, as W3C says."""
    match = _TRACEPARENT.fullmatch(traceparent) if traceparent else None
    return match.group(1) if match else None


def traceparent_from(text: bytes | None) -> str | None:
    """Return a record's traceparent (55 characters), or None when it has none or it is not well formed: of any length, it would go on to all it causes."""
    traceparent = text.decode("latin-1") if text is not None and len(text) == TRACEPARENT_CHARACTERS else None
    return traceparent if traceparent is not None and _TRACEPARENT.fullmatch(traceparent) else None


def follow(traceparent: str | None) -> str:
    """Return this call's own traceparent: the caller's trace with a span id of ours, or a new trace when the caller sent none that is valid."""
    match = _TRACEPARENT.fullmatch(traceparent) if traceparent else None
    trace_id, flags = match.groups() if match else (secrets.token_hex(16), "00")
    return f"00-{trace_id}-{secrets.token_hex(8)}-{flags}"


def current_traceparent() -> str | None:
    """Return the traceparent of the call this thread or task works for, to be put on what it publishes."""
    return _current.get()


def enter(traceparent: str) -> None:
    """Make `traceparent` the one of the present call."""
    _current.set(traceparent)
