"""The headers of a record: CloudEvents 1.0 in Kafka's binary mode, with the `sequence` extension and `traceparent` (contracts.md section 2)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

Header = tuple[str, bytes]

SPECVERSION: Final = "ce_specversion"
ID: Final = "ce_id"
SOURCE: Final = "ce_source"
TYPE: Final = "ce_type"
TIME: Final = "ce_time"
SEQUENCE: Final = "ce_sequence"
RECOVERING: Final = "ce_recovering"
CONTENT_TYPE: Final = "content-type"
TRACEPARENT: Final = "traceparent"

#: A record without one of these is no event, and is dead-lettered as `missing-header`.
REQUIRED: Final = (SPECVERSION, ID, SOURCE, TYPE)

SPECVERSION_1_0: Final[Header] = (SPECVERSION, b"1.0")
JSON_CONTENT: Final[Header] = (CONTENT_TYPE, b"application/json")
#: On records of a new epoch, until the producer has again read all that it had read before: readers compare them by cause.
STILL_RECOVERING: Final[Header] = (RECOVERING, b"1")


def cloud_event_headers(
    *, event_id: bytes, source: bytes, event_type: str, at: datetime, traceparent: str | None = None, sequence: tuple[int, int] | None = None
) -> list[Header]:
    """Return the headers of one event; `at` is aware, `sequence` is (epoch, number) on topics of ours."""
    headers = [
        SPECVERSION_1_0,
        (ID, event_id),
        (SOURCE, source),
        (TYPE, event_type.encode()),
        (TIME, at.isoformat().encode()),
        JSON_CONTENT,
    ]
    if sequence is not None:
        headers.append((SEQUENCE, sequence_text(*sequence)))
    if traceparent is not None:
        headers.append((TRACEPARENT, traceparent.encode()))
    return headers


def header_value(headers: Sequence[Header], name: str) -> bytes | None:
    """Return the last value of a header, or None when it is absent."""
    return next((value for key, value in reversed(headers) if key == name), None)


def sequence_text(epoch: int, number: int) -> bytes:
    """Return `<epoch>.<number>`."""
    return b"%d.%d" % (epoch, number)


def sequence_from(text: bytes) -> tuple[int, int]:
    """Return (epoch, number) of a `ce_sequence`. Raises ValueError when it is not two whole numbers joined by a dot."""
    epoch, dot, number = text.partition(b".")
    if not (dot and epoch.isdigit() and number.isdigit()):
        raise ValueError(f"ce_sequence {text[:40]!r} is not <epoch>.<number>")
    return int(epoch), int(number)
