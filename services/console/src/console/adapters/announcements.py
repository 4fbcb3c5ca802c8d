"""Announcements: written by use cases, read by the relay."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

import msgspec
from psycopg2.extensions import cursor as Cursor
from psycopg2.extras import execute_values

from console.domain.announcements import Announcement
from loyalty_shared.contracts.console import PARAMETERS, CredentialIssuedV1
from loyalty_shared.contracts.topics import CONSOLE_PARAMETERS, Topic
from loyalty_shared.messaging.outgoing import OutgoingRecord
from loyalty_shared.observability.tracing import current_traceparent
from loyalty_shared.persistence.outgoing import begin_batch

_TYPE_OF: Final = {struct: name for name, struct in PARAMETERS.items()}


class SqlAnnouncements:
    """What one transaction announces."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def post(self, announcements: Sequence[Announcement], at: datetime) -> None:
        batch_no = begin_batch(self._cursor, at)
        traceparent = current_traceparent()
        rows = [
            (batch_no, position, _TYPE_OF[type(event)], _key_of(event), msgspec.json.encode(event).decode(), traceparent, at)
            for position, event in enumerate(announcements)
        ]
        execute_values(self._cursor, "insert into announcement (batch_no, position, type, key, body, traceparent, announced_at) values %s", rows)


class ParametersTopic:
    """The relay's view of the announcements: all on one partition, so that every service hears them in the order they were made."""

    @property
    def topic(self) -> Topic:
        return CONSOLE_PARAMETERS

    def read(self, cursor: Cursor, batches: Sequence[int]) -> Iterable[OutgoingRecord]:
        """Return the records of the given batches, in order of (batch_no, position)."""
        cursor.execute(
            "select batch_no, key, type, body, announced_at, traceparent from announcement where batch_no = any(%s) order by batch_no, position",
            (list(batches),),
        )
        return [
            OutgoingRecord(batch_no, 0, key.encode(), kind, body.encode(), at, traceparent) for batch_no, key, kind, body, at, traceparent in cursor.fetchall()
        ]


def _key_of(event: Announcement) -> str:
    return event.credential if isinstance(event, CredentialIssuedV1) else event.legal_entity
