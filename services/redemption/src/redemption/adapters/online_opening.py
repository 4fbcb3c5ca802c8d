"""How an online call's transaction opens: in one round trip, the date and the call's serials are held, and what is known of them is read."""

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
from psycopg2.extensions import cursor as Cursor

from loyalty_shared.persistence.entity_dates import DATE_LOCK_CLASS, Entity, UnknownEntity
from redemption.application.online_ports import Call, Opened
from redemption.domain.applications import NO_TERMS, Application, Terms
from redemption.domain.reversals import Effect, KeptSerial, Serial

#: As `entity_dates.hold_date`, to be sent together with what comes after it.
HOLD_DATE: Final = f"select pg_advisory_xact_lock_shared({DATE_LOCK_CLASS}, hashtext(%s));"
_TERMS_CACHED: Final = 1_024
_HOLD_SERIAL: Final = "select pg_advisory_xact_lock(%s);"
_READ: Final = """
select zone, business_on, retention_years, application.code, is_open, minimum, step, points_max, terms::text,
    channel_date, channel_serial, body_sha256, refusal, body::text, effect, effect_id, customer_no, is_reversed
from (values (%s, %s, %s)) as wanted (legal_entity, channel, application)
left join entity using (legal_entity)
left join application on application.legal_entity = wanted.legal_entity and application.code = wanted.application
left join channel_serial on channel_serial.legal_entity = wanted.legal_entity and channel_serial.channel = wanted.channel
    and (channel_date, channel_serial) in %s
"""


def open_call(cursor: Cursor, call: Call, serials: Sequence[Serial], application: str | None) -> Opened:
    """Hold the entity's date, then the serials, in one order, waiting for a call under way with one of them; return what is known. Raises UnknownEntity.

    A serial is held by an advisory lock, because one that is not known has no row to lock; and its row can then be written once, complete, at the call's end.
    """
    locks = sorted(_lock_key(call, serial) for serial in serials)
    keys = tuple((serial.channel_date, serial.channel_serial) for serial in serials)
    cursor.execute(HOLD_DATE + _HOLD_SERIAL * len(locks) + _READ, (call.legal_entity, *locks, call.legal_entity, call.channel, application, keys))
    rows = cursor.fetchall()
    zone, business_on, retention_years, *known = rows[0][:9]
    if zone is None:
        raise UnknownEntity(call.legal_entity)
    kept = {(row[9], row[10]): _kept(row[11:]) for row in rows}
    return Opened(
        entity=Entity(legal_entity=call.legal_entity, zone=ZoneInfo(zone), business_on=business_on, retention_years=retention_years),
        application=application_from(*known) if known[0] is not None else None,
        kept=tuple(kept.get(key) for key in keys),
    )


def application_from(code: str, is_open: bool, minimum: int | None, step: int | None, points_max: int | None, terms: str | None) -> Application:
    """Return an application from its row."""
    return Application(code=code, is_open=is_open, minimum=minimum, step=step, points_max=points_max, terms=NO_TERMS if terms is None else _terms_from(terms))


@lru_cache(maxsize=_TERMS_CACHED)
def _terms_from(text: str) -> Terms:
    return msgspec.json.decode(text, type=Terms)


def _lock_key(call: Call, serial: Serial) -> int:
    scope = "\x00".join(("serial", call.legal_entity, call.channel, serial.channel_date.isoformat(), serial.channel_serial))
    return int.from_bytes(hashlib.blake2b(scope.encode(), digest_size=8).digest(), "big", signed=True)


def _kept(row: tuple[Any, ...]) -> KeptSerial:
    sha256, refusal, body, effect, effect_id, customer_no, is_reversed = row
    return KeptSerial(
        body_sha256=bytes(sha256) if sha256 is not None else None,
        refusal=refusal,
        body=msgspec.json.decode(body) if body is not None else None,
        effect=Effect(effect) if effect is not None else None,
        effect_id=effect_id,
        customer_no=customer_no,
        is_reversed=is_reversed,
    )
