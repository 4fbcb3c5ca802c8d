"""Notices over one transaction's cursor, and as the relay publishes them."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Final

import msgspec
from psycopg2.extensions import cursor as Cursor
from psycopg2.extras import execute_values

from loyalty_shared.contracts.redemption import NoticeRaisedV1
from loyalty_shared.contracts.topics import REDEMPTION_NOTICES, Topic
from loyalty_shared.messaging.outgoing import OutgoingRecord
from loyalty_shared.persistence.outgoing import begin_batch
from redemption.adapters.parameters import find_parameter
from redemption.adapters.unit_of_work import SqlLedgerWork
from redemption.application.raise_notices import DueNotice

NOTICE_RAISED: Final = "loyalty.redemption.notice.raised.v1"
#: The console's parameter, and what holds until it is set there.
NOTICE_DAYS: Final = "expiry-notice-days"
NOTICE_DAYS_DEFAULT: Final = 30

_DUE: Final = """
select customer_no, last_on, sum(points)::bigint from (
    select customer_no, expires_on as last_on, points - held as points from lot
        where legal_entity = %(legal_entity)s and expires_on between %(on)s and %(to)s and points > held
    union all select customer_no, slides_to, points - held from lot
        where legal_entity = %(legal_entity)s and slides_to between %(on)s and %(to)s and points > held) as lapsing
where not exists (select from expiry_notice where legal_entity = %(legal_entity)s and customer_no = lapsing.customer_no and expires_on = lapsing.last_on)
group by customer_no, last_on order by last_on, customer_no limit %(limit)s
"""
_POST: Final = """
insert into expiry_notice (batch_no, position, partition, legal_entity, customer_no, expires_on, points, raised_on) values %s on conflict do nothing
"""
_OUTGOING: Final = """
select batch_no, partition, committed_at, legal_entity, customer_no, expires_on, points, raised_on
from expiry_notice join outgoing_batch using (batch_no) where batch_no = any(%s) order by batch_no, position
"""


class SqlNoticesWork(SqlLedgerWork):
    """One transaction on notices."""

    def find_notice_days(self, legal_entity: str, on: date) -> int:
        """Return how many days ahead customers of the entity are told."""
        value = find_parameter(self.cursor, legal_entity, NOTICE_DAYS, on)
        return NOTICE_DAYS_DEFAULT if value is None else int(value)

    def list_due(self, legal_entity: str, on: date, to: date, limit: int) -> Sequence[DueNotice]:
        """Return what customers have not been told yet of points that lapse after a date from `on` to `to`."""
        self.cursor.execute(_DUE, {"legal_entity": legal_entity, "on": on, "to": to, "limit": limit})
        return [DueNotice(*row) for row in self.cursor.fetchall()]

    def post(self, legal_entity: str, notices: Sequence[DueNotice], on: date, at: datetime) -> None:
        """Write notices; the relay publishes them."""
        batch_no = begin_batch(self.cursor, at)
        rows = [(batch_no, position, 0, legal_entity, due.customer_no, due.expires_on, due.points, on) for position, due in enumerate(notices)]
        execute_values(self.cursor, _POST, rows, page_size=len(rows))


class NoticesTopic:
    """Each notice, once."""

    @property
    def topic(self) -> Topic:
        return REDEMPTION_NOTICES

    def read(self, cursor: Cursor, batches: Sequence[int]) -> Iterable[OutgoingRecord]:
        """Return the records of the given batches, in order of (batch_no, position)."""
        cursor.execute(_OUTGOING, (list(batches),))
        return [_record(*row) for row in cursor.fetchall()]


def _record(batch_no: int, partition: int, at: datetime, legal_entity: str, customer_no: str, expires_on: date, points: int, raised_on: date) -> OutgoingRecord:
    notice = NoticeRaisedV1(
        legal_entity=legal_entity, customer_no=customer_no, kind="points-expiring", points=points, expires_on=expires_on, raised_on=raised_on
    )
    return OutgoingRecord(batch_no, partition, f"{legal_entity}:{customer_no}".encode(), NOTICE_RAISED, msgspec.json.encode(notice), at)
