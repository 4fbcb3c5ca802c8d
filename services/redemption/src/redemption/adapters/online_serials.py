"""Channel serials over one transaction's cursor."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from psycopg2.extensions import cursor as Cursor

from loyalty_shared.web.idempotency import Answer
from redemption.application.online_ports import Call, Made
from redemption.domain.reversals import Effect, KeptSerial, Serial

_LOCK: Final = "select pg_advisory_xact_lock(%s);"
_FIND: Final = """
select channel_date, channel_serial, body_sha256, refusal, body::text, effect, effect_id, customer_no, is_reversed
from channel_serial where legal_entity = %s and channel = %s and (channel_date, channel_serial) in %s
"""
_KEEP: Final = """
insert into channel_serial
    (legal_entity, channel, channel_date, channel_serial, body_sha256, refusal, body, effect, effect_id, customer_no, is_reversed, seen_at)
values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, false, %s)
"""
_KEEP_OUT: Final = """
insert into channel_serial (legal_entity, channel, channel_date, channel_serial, is_reversed, seen_at) values (%s, %s, %s, %s, false, %s)
"""
_MARK_REVERSED: Final = "update channel_serial set is_reversed = true where legal_entity = %s and channel = %s and channel_date = %s and channel_serial = %s"


class SqlSerials:
    """The channel serials that have been seen. Held before any account is locked, in one order, so that two calls never wait in a circle."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def hold(self, call: Call, serials: Sequence[Serial]) -> Sequence[KeptSerial | None]:
        """Hold these serials of the caller's channel until the transaction ends, waiting for a call under way with one; return what is kept of each.

        An advisory lock, because a serial that is not known has no row to lock; and its row can then be written once, complete, at the call's end.
        """
        locks = sorted(_lock_key(call, serial) for serial in serials)
        keys = tuple((serial.channel_date, serial.channel_serial) for serial in serials)
        self._cursor.execute(_LOCK * len(locks) + _FIND, (*locks, call.legal_entity, call.channel, keys))
        kept = {(row[0], row[1]): _kept(row) for row in self._cursor.fetchall()}
        return [kept.get(key) for key in keys]

    def keep(self, call: Call, serial: Serial, answer: Answer, made: Made | None, at: datetime) -> None:
        """Keep a call's answer under its serial, and what it made, None when it was refused."""
        body = msgspec.json.encode(answer.body).decode()
        effect = (made.effect.value, made.effect_id, made.customer_no) if made else (None, None, None)
        self._cursor.execute(_KEEP, (*_key(call, serial), call.idempotency.body_sha256, answer.refusal, body, *effect, at))

    def keep_out(self, call: Call, serial: Serial, at: datetime) -> None:
        """Keep a late call with this serial from being done."""
        self._cursor.execute(_KEEP_OUT, (*_key(call, serial), at))

    def mark_reversed(self, call: Call, serial: Serial) -> None:
        """Write down that what the call with this serial did has been undone."""
        self._cursor.execute(_MARK_REVERSED, _key(call, serial))


def _key(call: Call, serial: Serial) -> tuple[Any, ...]:
    return call.legal_entity, call.channel, serial.channel_date, serial.channel_serial


def _lock_key(call: Call, serial: Serial) -> int:
    scope = "\x00".join(("serial", call.legal_entity, call.channel, serial.channel_date.isoformat(), serial.channel_serial))
    return int.from_bytes(hashlib.blake2b(scope.encode(), digest_size=8).digest(), "big", signed=True)


def _kept(row: tuple[Any, ...]) -> KeptSerial:
    _, _, sha256, refusal, body, effect, effect_id, customer_no, is_reversed = row
    return KeptSerial(
        body_sha256=bytes(sha256) if sha256 is not None else None,
        refusal=refusal,
        body=msgspec.json.decode(body) if body is not None else None,
        effect=Effect(effect) if effect is not None else None,
        effect_id=effect_id,
        customer_no=customer_no,
        is_reversed=is_reversed,
    )
