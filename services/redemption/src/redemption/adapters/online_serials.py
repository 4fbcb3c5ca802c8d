"""Channel serials over one transaction's cursor."""

from datetime import datetime
from typing import Any, Final

import msgspec
from psycopg2.extensions import cursor as Cursor

from loyalty_shared.web.idempotency import Answer
from redemption.application.online_ports import Call, Made
from redemption.domain.reversals import Serial

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
    """The channel serials that have been seen. The call that writes one holds it (`online_opening`)."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

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
