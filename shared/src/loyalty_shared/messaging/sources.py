"""Where a bad record comes from, as well as can be told: limits are per entity and source system, and a bad record hides both."""

import re
from typing import Any, Final

import msgspec

from loyalty_shared.messaging import headers as names
from loyalty_shared.messaging.records import RawRecord

SOURCE_CHARACTERS_MAX: Final = 64
_READ_BYTES_MAX: Final = 16 * 1024  # of a value that is too large, or no JSON, only its beginning is looked at


class _Named(msgspec.Struct):
    legal_entity: Any = None
    source_system: Any = None


_decode_named = msgspec.json.Decoder(_Named).decode
_ENTITY_IN_TEXT: Final = re.compile(rb'"legal_entity"\s*:\s*"([^"\\]{1,64})"')
_SOURCE_IN_TEXT: Final = re.compile(rb'"source_system"\s*:\s*"([^"\\]{1,64})"')


def source_of_bad_record(record: RawRecord, header: dict[str, bytes]) -> tuple[str | None, str | None]:
    """Return (legal entity, source system): from the value, else from what of it can be read, else the key's entity and the `ce_source`."""
    value = (record.value or b"")[:_READ_BYTES_MAX]
    try:
        named = _decode_named(value)
        entity, source = _text(named.legal_entity), _text(named.source_system)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        entity, source = _found(_ENTITY_IN_TEXT, value), _found(_SOURCE_IN_TEXT, value)
    if entity is None and record.key is not None and b":" in record.key:
        entity = _text(record.key.partition(b":")[0].decode("utf-8", "replace"))
    if source is None and names.SOURCE in header:
        source = _text(header[names.SOURCE].decode("utf-8", "replace"))
    return entity, source


def _found(pattern: re.Pattern[bytes], value: bytes) -> str | None:
    match = pattern.search(value)
    return _text(match[1].decode("utf-8", "replace")) if match else None


def _text(value: object) -> str | None:
    """A code, if it is one: no NUL, which PostgreSQL does not store, and not without end."""
    return value[:SOURCE_CHARACTERS_MAX] if isinstance(value, str) and value and "\x00" not in value else None
