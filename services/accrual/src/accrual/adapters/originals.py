"""Purchases as their refunds see them, and the refunds that wait for one."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
from msgspec import structs
from psycopg2.extensions import cursor as Cursor

from accrual.adapters.business_keys import hold_places, key_text
from accrual.adapters.customers import find_versions
from accrual.adapters.decision_rows import StoredDecision, load_at
from accrual.adapters.merchants import merchants_of
from accrual.adapters.rule_sets import RuleSets
from accrual.adapters.waiting_earnings import with_releases
from accrual.application.facts import OriginalBook, Place, TransactionKey, WaitingBook, WaitingRefund, key_of, original_key_of
from accrual.domain.decide import local_time
from accrual.domain.decision import NOTHING_SEEN
from accrual.domain.refund import Original, OriginalLeft, untouched
from loyalty_shared.contracts.core import TransactionPostedV1, TransactionRefundedV1
from loyalty_shared.persistence.arrays import number_array, text_array
from loyalty_shared.persistence.bulk import CopyRows
from loyalty_shared.persistence.entity_dates import find_entity

#: How many refunds one batch takes up that had waited: their places must fit beside its own events' in a smallint.
WAITING_TAKEN_MAX: Final = 20_000

_PLACES: Final = "unnest(%s::bigint[], %s::smallint[]) as wanted (batch_no, position)"
_MAKE_LEFT: Final = (
    f"insert into original_left (batch_no, position, left_over) select batch_no, position, '' from {_PLACES} order by 1, 2 on conflict do nothing"
)
_LOCK_LEFT: Final = (
    f"select batch_no, position, left_over from original_left join {_PLACES} using (batch_no, position) order by 1, 2 for update of original_left"
)
_SAVE_LEFT: Final = """
update original_left set left_over = saved.left_over from unnest(%s::bigint[], %s::smallint[], %s::text[]) as saved (batch_no, position, left_over)
where original_left.batch_no = saved.batch_no and original_left.position = saved.position
"""
_decode: Final = msgspec.json.Decoder(OriginalLeft).decode
_encode: Final = msgspec.json.Encoder().encode


class SqlOriginals:
    """Purchases that refunds take from, over one transaction's cursor."""

    def __init__(self, cursor: Cursor, rule_sets: RuleSets) -> None:
        self._cursor = cursor
        self._rule_sets = rule_sets

    def hold(self, keys: Collection[TransactionKey], *, before_batch: int) -> Mapping[TransactionKey, tuple[Place, Original]]:
        if not keys:
            return {}
        places = hold_places(self._cursor, [key_text(key) for key in keys])
        stored = load_at(self._cursor, sorted(place for place in places.values() if place[0] < before_batch))
        left = self._hold_left([one.place for one in stored])
        return {key_of(one.event): (one.place, original) for one, original in zip(stored, self._originals(stored, left), strict=True)}

    def _hold_left(self, places: Sequence[Place]) -> dict[Place, str]:
        if not places:
            return {}
        arrays = (number_array(place[0] for place in places), number_array(place[1] for place in places))
        self._cursor.execute(_MAKE_LEFT, arrays)
        self._cursor.execute(_LOCK_LEFT, arrays)
        return {(batch_no, position): left_over for batch_no, position, left_over in self._cursor.fetchall()}

    def _originals(self, stored: Sequence[StoredDecision], left: Mapping[Place, str]) -> list[Original]:
        facts_used = [(one.event.legal_entity, one.event.customer_no, one.facts_at) for one in stored if one.facts_at is not None]
        customers = find_versions(self._cursor, facts_used)
        zones = zones_of(self._cursor, {one.event.legal_entity for one in stored})
        rules = [self._rule_sets.get(self._cursor, one.decision.rule_set) for one in stored]
        merchants = merchants_of(self._cursor, stored, rules)
        decisions = with_releases(self._cursor, {one.place: one.decision for one in stored}, hold=True)
        originals = []
        for one, decided_with, merchant in zip(stored, rules, merchants, strict=True):
            event, decision = one.event, decisions[one.place]
            if isinstance(event, TransactionRefundedV1):
                decision = structs.replace(decision, applied=(), points=0, seen=NOTHING_SEEN)  # a refund of a refund: it never gave anything
            originals.append(
                Original(
                    event=event,
                    local=local_time(event, zones[event.legal_entity]),
                    customer=customers[event.legal_entity, event.customer_no, one.facts_at] if one.facts_at else None,
                    rules=decided_with,
                    decision=decision,
                    left=_decode(left[one.place]) if left[one.place] else untouched(event, decision),
                    merchant=merchant,
                )
            )
        return originals

    def post(self, book: OriginalBook) -> None:
        changed = dict(book.changed())
        if not changed:
            return
        arrays = (number_array(place[0] for place in changed), number_array(place[1] for place in changed))
        self._cursor.execute(_MAKE_LEFT, arrays)  # those of this very batch have no row yet, and nobody else can see them
        self._cursor.execute(_SAVE_LEFT, (*arrays, text_array(_encode(left).decode() for left in changed.values())))


_ANY_WAITS: Final = "select exists (select from waiting_refund)"
#: Rows that another transaction holds are its to match.
_WAIT_FOR: Final = """
select batch_no, position from waiting_refund where original_key = any(%s::text[]) order by batch_no, position limit %s for update skip locked
"""
_MATCHING: Final = """
select waiting_refund.batch_no, waiting_refund.position from waiting_refund join business_key on business_key.key = waiting_refund.original_key
order by waiting_refund.batch_no, waiting_refund.position limit %s for update of waiting_refund skip locked
"""
_FORGET: Final = f"delete from waiting_refund using {_PLACES} where waiting_refund.batch_no = wanted.batch_no and waiting_refund.position = wanted.position"
_SUPERSEDE: Final = f"delete from decision using {_PLACES} where decision.batch_no = wanted.batch_no and decision.position = wanted.position"


class SqlWaitingRefunds:
    """Refunds whose purchase has not come, over one transaction's cursor."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def hold_for(self, events: Sequence[TransactionPostedV1]) -> list[WaitingRefund]:
        self._cursor.execute(_ANY_WAITS)
        row = self._cursor.fetchone()
        if not events or row is None or not row[0]:
            return []
        self._cursor.execute(_WAIT_FOR, (text_array(key_text(key_of(event)) for event in events), WAITING_TAKEN_MAX))
        return self._refunds()

    def hold_matching(self, limit: int) -> list[WaitingRefund]:
        self._cursor.execute(_MATCHING, (limit,))
        return self._refunds()

    def _refunds(self) -> list[WaitingRefund]:
        stored = load_at(self._cursor, self._cursor.fetchall())
        zones = zones_of(self._cursor, {one.event.legal_entity for one in stored})
        return [
            WaitingRefund(one.place, one.event, local_time(one.event, zones[one.event.legal_entity]), one.traceparent)
            for one in stored
            if isinstance(one.event, TransactionRefundedV1)
        ]

    def post(self, batch_no: int, book: WaitingBook, at: datetime) -> None:
        rows = CopyRows()
        for waiting in book.of_batch(batch_no):
            rows.append(key_text(original_key_of(waiting.refund)), batch_no, waiting.place[1], at)
        rows.copy(self._cursor, "waiting_refund", ("original_key", "batch_no", "position", "waiting_since"))
        stored = [waiting.place for waiting, _ in book.matched if waiting.place[0] != batch_no]
        if stored:
            arrays = (number_array(place[0] for place in stored), number_array(place[1] for place in stored))
            self._cursor.execute(_FORGET, arrays)
            self._cursor.execute(_SUPERSEDE, arrays)  # it published nothing; the refund's decision now stands in this batch

    def count(self) -> tuple[int, datetime | None]:
        self._cursor.execute("select count(*), min(waiting_since) from waiting_refund")
        row = self._cursor.fetchone()
        assert row is not None
        return row[0], row[1]


def zones_of(cursor: Cursor, legal_entities: Collection[str]) -> dict[str, ZoneInfo]:
    """Return the zones of entities that decisions were made for."""
    entities = [find_entity(cursor, code) for code in legal_entities]
    return {entity.legal_entity: entity.zone for entity in entities if entity is not None}
