"""Settlement's view of the ledger on the writing side: one row for each group and batch, one for each spend."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from psycopg2.extensions import cursor as Cursor
from psycopg2.extras import execute_values

from loyalty_shared.contracts.redemption import EntryPostedV1
from loyalty_shared.messaging.records import Batch
from loyalty_shared.messaging.taking import take_batch
from loyalty_shared.persistence import dead_letters
from loyalty_shared.persistence.bulk import CopyRows
from loyalty_shared.persistence.dead_letters import Rejected
from loyalty_shared.persistence.outgoing import begin_batch
from loyalty_shared.persistence.repeated_entries import list_fresh, remember
from settlement.domain.ledger_view import LedgerView
from settlement.domain.parties import application_party, bearers_of

_ADD_ENTRIES: Final = """
insert into ledger_day (legal_entity, business_on, partition, entries) values %s
on conflict (legal_entity, business_on, partition) do update set entries = ledger_day.entries + excluded.entries
"""
#: A ledger that was restored closes its days again; what it says last is so.
_CLOSE: Final = """
insert into ledger_day (legal_entity, business_on, partition, entries, closed_entries, closed_points) values %s
on conflict (legal_entity, business_on, partition) do update set closed_entries = excluded.closed_entries, closed_points = excluded.closed_points
"""
_ADD_POINTS: Final = """
insert into ledger_points (legal_entity, business_on, partition, kind, funding, points) values %s
on conflict (legal_entity, business_on, partition, kind, funding) do update set points = ledger_points.points + excluded.points
"""
_MEET_PARTIES: Final = "insert into party (legal_entity, party) values %s on conflict do nothing"
_SPEND_COLUMNS: Final = (
    "legal_entity", "business_on", "entry_id", "customer_no", "kind", "points", "point_type", "application", "channel", "cause_kind", "cause_no", "posted_at",
    "paid",
)  # fmt: skip

_encode = msgspec.json.Encoder().encode


class SqlRecordingWork:
    """One transaction that takes records of the ledger."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def advance(self, batch: Batch[Any]) -> None:
        """Move the consumer's place past the records. Raises Fenced when another owner has gone on."""
        take_batch(self._cursor, batch)

    def set_aside(self, batch: Batch[Any], rejected: Sequence[Rejected], at: datetime) -> None:
        """Keep the records that could not be read."""
        dead_letters.post(self._cursor, begin_batch(self._cursor, at), batch.group, rejected, at)

    def not_held(self, batch: Batch[Any], entries: Sequence[EntryPostedV1]) -> Sequence[EntryPostedV1]:
        """Return the entries that an earlier epoch did not bring: of equal ones, as many repeat as any earlier epoch had."""
        return list_fresh(self._cursor, batch.partition, batch.span, entries)

    def remember(self, batch: Batch[Any], entries: Sequence[EntryPostedV1], at: datetime) -> None:
        """Keep what tells these entries' repeats, should the ledger be restored and post them again."""
        remember(self._cursor, batch.partition, batch.span, entries, at)

    def add(self, partition: int, view: LedgerView) -> None:
        """Add to the view what records of one partition brought; rows in key order."""
        if view.entries:
            execute_values(self._cursor, _ADD_ENTRIES, [(*day, partition, count) for day, count in sorted(view.entries.items())])
        if view.points:
            rows = [(group.legal_entity, group.business_on, partition, group.kind, group.funding, points) for group, points in sorted(view.points.items())]
            execute_values(self._cursor, _ADD_POINTS, rows)
        if view.closed:
            closes = [(*day, partition, 0, close.entries, _encode(close.points_by_kind).decode()) for day, close in sorted(view.closed.items())]
            execute_values(self._cursor, _CLOSE, closes)
        self._add_spends(view.spends)
        if parties := sorted(_parties_of(view)):
            execute_values(self._cursor, _MEET_PARTIES, parties)

    def _add_spends(self, spends: Iterable[EntryPostedV1]) -> None:
        rows = CopyRows()
        for entry in spends:
            paid = _encode([(lot.party, lot.points) for lot in entry.lots]).decode()
            rows.append(
                entry.legal_entity, entry.business_on, entry.entry_id, entry.customer_no, entry.kind, entry.points, entry.point_type, entry.application or "",
                entry.channel, entry.cause.kind, entry.cause.no, entry.posted_at, paid,
            )  # fmt: skip
        rows.copy(self._cursor, "ledger_spend", _SPEND_COLUMNS)


def _parties_of(view: LedgerView) -> set[tuple[str, str]]:
    """Return (legal entity, party) of everyone that the records name."""
    fundings = {(group.legal_entity, group.funding) for group in view.points}
    fundings |= {(entry.legal_entity, lot.party) for entry in view.spends for lot in entry.lots}
    parties = {(legal_entity, party) for legal_entity, funding in fundings for party, _ in bearers_of(funding)}
    return parties | {(entry.legal_entity, application_party(entry.application or "")) for entry in view.spends}
