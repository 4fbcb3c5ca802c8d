"""What the relay publishes of the ledger. The rows are the outbox: bodies are built from their columns, the same at any time."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final

import msgspec
from psycopg2.extensions import cursor as Cursor

from loyalty_shared.contracts.redemption import DayClosedV1
from loyalty_shared.contracts.topics import REDEMPTION_LEDGER, REDEMPTION_SPENDS, Topic
from loyalty_shared.messaging.outgoing import OutgoingRecord
from redemption.domain.entries import REDEEMED_PREFIX
from redemption.domain.lots import lot_key_from

ENTRY_POSTED: Final = "loyalty.redemption.entry.posted.v1"
DAY_CLOSED: Final = "loyalty.redemption.day.closed.v1"

#: Dates as text: they are only copied into the body. `posted_at` is the batch's own instant.
_ENTRIES: Final = """
select batch_no, position, partition, legal_entity, customer_no, account_version, kind, points, point_type, lots::text, cause_kind, cause_source, cause_no,
    cause_leg, rule_code, application, channel, institution, business_on::text, balance_after, debit_account, credit_account, excused::text,
    active_on::text, came_by
from entry where batch_no between %s and %s {only} order by batch_no, position
"""
_ALL_ENTRIES: Final = _ENTRIES.format(only="")
_SPENDS: Final = _ENTRIES.format(only=f"and (debit_account like '{REDEEMED_PREFIX}%%' or credit_account like '{REDEEMED_PREFIX}%%')")
_DAYS: Final = """
select batch_no, partition, closed_at, legal_entity, business_on, entries, points_by_kind::text from day_closed
where batch_no between %s and %s order by batch_no, position
"""
_COMMITTED: Final = "select batch_no, committed_at from outgoing_batch where batch_no = any(%s)"
_TEXTS_CACHED: Final = 1 << 16

_LOTS = msgspec.json.Decoder(tuple[tuple[str, int, str | None], ...])
_encode = msgspec.json.Encoder().encode


class LedgerTopic:
    """Every entry, and the close of each day."""

    @property
    def topic(self) -> Topic:
        return REDEMPTION_LEDGER

    def read(self, cursor: Cursor, batches: Sequence[int]) -> Iterable[OutgoingRecord]:
        """Return the records of the given batches, in order of (batch_no, position)."""
        entries = _entries(cursor, _ALL_ENTRIES, batches)
        days = _days(cursor, batches)
        return sorted([*entries, *days], key=lambda record: record.batch_no) if days else entries


class SpendsTopic:
    """The entries that spend or give back."""

    @property
    def topic(self) -> Topic:
        return REDEMPTION_SPENDS

    def read(self, cursor: Cursor, batches: Sequence[int]) -> Iterable[OutgoingRecord]:
        """Return the records of the given batches, in order of (batch_no, position)."""
        return _entries(cursor, _SPENDS, batches)


def _entries(cursor: Cursor, statement: str, batches: Sequence[int]) -> list[OutgoingRecord]:
    cursor.execute(_COMMITTED, (list(batches),))
    committed: dict[int, datetime] = dict(cursor.fetchall())
    posted = {batch_no: f',"posted_at":"{at.isoformat()}"}}' for batch_no, at in committed.items()}
    cursor.execute(statement, (batches[0], batches[-1]))
    return [record for row in cursor if (record := _entry(row, committed, posted)) is not None]


def _entry(row: tuple[Any, ...], committed: dict[int, datetime], posted: dict[int, str]) -> OutgoingRecord | None:
    """Return an entry's record; None when its batch is of the range and not asked for."""
    (
        batch_no, position, partition, legal_entity, customer_no, version, kind, points, point_type, lots, cause_kind, cause_source, cause_no,
        cause_leg, rule_code, application, channel, institution, business_on, balance_after, debit, credit, excused,
        active_on, came_by,
    ) = row  # fmt: skip
    at = committed.get(batch_no)
    if at is None:
        return None
    text = _json_text
    body = (
        f'{{"entry_id":"{batch_no}-{position}","legal_entity":{text(legal_entity)},"customer_no":{_encode(customer_no).decode()},"account_version":{version},'
        f'"kind":{text(kind)},"points":{points},"point_type":{text(point_type)},"lots":{_lots(lots)},'
        f'"cause":{{"kind":{text(cause_kind)},"source_system":{text(cause_source)},"no":{_encode(cause_no).decode()},"leg":{cause_leg}}},'
        f'"rule_code":{text(rule_code)},"application":{text(application)},"channel":{text(channel)},"institution":{text(institution)},'
        f'"business_on":"{business_on}","balance_after":{balance_after},"debit_account":{text(debit)},"credit_account":{text(credit)}'
    )
    # What most entries do not have is left out: what was sealed before these fields were there stays as it was.
    if excused is not None:
        body += f',"excused":{_lots(excused)}'
    if active_on is not None:
        body += f',"active_on":"{active_on}"'
    if came_by is not None:
        body += f',"came_by":{_encode(came_by).decode()}'
    body += posted[batch_no]
    return OutgoingRecord(batch_no, partition, f"{legal_entity}:{customer_no}".encode(), ENTRY_POSTED, body.encode(), at)


@lru_cache(maxsize=_TEXTS_CACHED)
def _json_text(value: str | None) -> str:
    return _encode(value).decode()


def _lots(stored: str) -> str:
    return "[" + ",".join(f'{{"points":{points},{_lot(lot_id, available_on)}}}' for lot_id, points, available_on in _LOTS.decode(stored)) + "]"


@lru_cache(maxsize=_TEXTS_CACHED)
def _lot(lot_id: str, available_on: str | None) -> str:
    lot = lot_key_from(lot_id)
    fields: dict[str, object] = {
        "lot_id": lot_id,
        "available_on": available_on,
        "expires_on": lot.expires_on,
        "party": lot.party,
        "institution": lot.institution,
    }
    if lot.sliding_months:
        fields["sliding_months"] = lot.sliding_months
    return _encode(fields).decode()[1:-1]


def _days(cursor: Cursor, batches: Sequence[int]) -> list[OutgoingRecord]:
    cursor.execute(_DAYS, (batches[0], batches[-1]))
    wanted = set(batches)
    return list(_day_records(row for row in cursor.fetchall() if row[0] in wanted))


def _day_records(rows: Iterable[tuple[int, int, datetime, str, date, int, str]]) -> Iterator[OutgoingRecord]:
    for batch_no, partition, at, legal_entity, business_on, entries, points_by_kind in rows:
        day = DayClosedV1(
            legal_entity=legal_entity, business_on=business_on, partition=partition, entries=entries, points_by_kind=msgspec.json.decode(points_by_kind)
        )
        yield OutgoingRecord(batch_no, partition, f"{legal_entity}:{business_on.isoformat()}".encode(), DAY_CLOSED, _encode(day), at)
