"""Merges over one transaction's cursor, and what the relay publishes of them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from psycopg2.extensions import cursor as Cursor

from loyalty_shared.contracts.redemption import CustomerMergedV1, CustomerMergeUndoneV1
from loyalty_shared.contracts.topics import REDEMPTION_CUSTOMERS, Topic
from loyalty_shared.messaging.outgoing import OutgoingRecord
from loyalty_shared.persistence.outgoing import begin_batch
from redemption.adapters.freezes import move_freezes
from redemption.adapters.lot_rows import parts_from
from redemption.adapters.online_lots import held_from, taken_from
from redemption.domain.account import Account
from redemption.domain.lots import LotPart
from redemption.domain.merging import CameBy, Merge, MergeStatus, PostedMeanwhile

CUSTOMER_MERGED: Final = "loyalty.redemption.customer.merged.v1"
CUSTOMER_MERGE_UNDONE: Final = "loyalty.redemption.customer.merge_undone.v1"

_COLUMNS: Final = (
    "merge_id, from_customer_no, into_customer_no, reason, made_by, made_at, status, decided_by, merged_at, undo_asked_by, undone_by, undone_at,"
    " into_version, freezes"
)
_FIND: Final = f"select {_COLUMNS} from merge where legal_entity = %s and merge_id = %s"
_LIST: Final = f"""
select {_COLUMNS} from merge
where legal_entity = %(legal_entity)s and (%(number)s is null or %(number)s in (from_customer_no, into_customer_no))
    and (%(after)s is null or merge_id < %(after)s)
order by merge_id desc limit %(limit)s
"""
_ADD: Final = """
insert into merge (legal_entity, merge_id, from_customer_no, into_customer_no, reason, status, made_by, made_at) values (%s, %s, %s, %s, %s, %s, %s, %s)
"""
_CHANGE: Final = """
update merge set status = %s, decided_by = %s, merged_at = %s, undo_asked_by = %s, undone_by = %s, undone_at = %s, into_version = %s, freezes = %s
where legal_entity = %s and merge_id = %s
"""
_KNOWN: Final = """
select number from unnest(%s) as number
where exists (select from account where legal_entity = %s and customer_no = number)
    or exists (select from customer where legal_entity = %s and customer_no = number)
"""
_ORDER: Final = """
select number from (
    select number, merged_into from unnest(%s) as number left join account on legal_entity = %s and customer_no = number
    union select customer_no, merged_into from account where legal_entity = %s and merged_into = any(%s)) as wanted
order by merged_into is null, number collate "C"
"""
_POINT: Final = "update account set merged_into = %s where legal_entity = %s and customer_no = any(%s)"
_ANSWER_FOR: Final = "update account set merged = %s where legal_entity = %s and customer_no = %s"
_MEANWHILE: Final = """
select point_type, case when points > 0 then debit_account else credit_account end, points, lots::text, excused::text from entry
where legal_entity = %s and customer_no = %s and came_by = %s and account_version > %s order by account_version
"""
_HELD: Final = "select lots::text from hold where legal_entity = %s and customer_no = %s and status = 'reserved'"
_REDEEMED: Final = "select lots::text from redemption where legal_entity = %s and customer_no = %s"
_PUBLISH: Final = """
insert into merge_outgoing (batch_no, position, legal_entity, merge_id, from_customer_no, into_customer_no, is_undo, at) values (%s, 0, %s, %s, %s, %s, %s, %s)
"""
_OUTGOING: Final = """
select batch_no, at, legal_entity, merge_id, from_customer_no, into_customer_no, is_undo from merge_outgoing
where batch_no = any(%s) order by batch_no, position
"""


class SqlMerges:
    """The merges. Whoever changes one holds its row, then the accounts: merged ones first, then in key order."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def find(self, legal_entity: str, merge_id: str) -> Merge | None:
        """Return a merge, for reading."""
        return self._find(_FIND, legal_entity, merge_id)

    def find_for_update(self, legal_entity: str, merge_id: str) -> Merge | None:
        """Return a merge, locked."""
        return self._find(_FIND + " for update", legal_entity, merge_id)

    def _find(self, statement: str, legal_entity: str, merge_id: str) -> Merge | None:
        self._cursor.execute(statement, (legal_entity, merge_id))
        row = self._cursor.fetchone()
        return _merge(row) if row else None

    def list_page(self, legal_entity: str, customer_no: str | None, after: str | None, limit: int) -> Sequence[Merge]:
        """Return merges, newest first, of one number or of all, those older than `after`."""
        self._cursor.execute(_LIST, {"legal_entity": legal_entity, "number": customer_no, "after": after, "limit": limit})
        return [_merge(row) for row in self._cursor.fetchall()]

    def list_unknown(self, legal_entity: str, customer_nos: Sequence[str]) -> Sequence[str]:
        """Return which of the numbers neither have an account nor were ever announced."""
        self._cursor.execute(_KNOWN, (list(customer_nos), legal_entity, legal_entity))
        known = {number for (number,) in self._cursor.fetchall()}
        return [number for number in customer_nos if number not in known]

    def list_in_order_of_locks(self, legal_entity: str, customer_nos: Sequence[str]) -> Sequence[str]:
        """Return the numbers, and those merged into them, as they have to be locked: merged ones first, then by key."""
        self._cursor.execute(_ORDER, (list(customer_nos), legal_entity, legal_entity, list(customer_nos)))
        return [number for (number,) in self._cursor.fetchall()]

    def add(self, legal_entity: str, merge: Merge) -> None:
        """Write a merge that was asked for."""
        numbers = (merge.from_customer_no, merge.into_customer_no)
        self._cursor.execute(_ADD, (legal_entity, merge.merge_id, *numbers, merge.reason, merge.status.value, merge.made_by, merge.made_at))

    def change(self, legal_entity: str, merge: Merge) -> None:
        """Write what has become of a merge."""
        decided = (merge.status.value, merge.decided_by, merge.merged_at, merge.undo_asked_by, merge.undone_by, merge.undone_at)
        self._cursor.execute(_CHANGE, (*decided, merge.into_version, list(merge.freezes), legal_entity, merge.merge_id))

    def join(self, source: Account, survivor: Account) -> tuple[str, ...]:
        """Let the survivor answer for the source and all that were merged into that; return the freezes that come over."""
        self._cursor.execute(_POINT, (survivor.customer_no, source.legal_entity, list(source.numbers)))
        self._answer_for(survivor, [*survivor.merged, *source.numbers])
        return move_freezes(self._cursor, source.legal_entity, source.customer_no, survivor.customer_no, None)

    def part(self, source: Account, survivor: Account, freezes: Sequence[str]) -> None:
        """Let the source answer for itself again, and for those that were merged into it; freezes that came over and still stand go back."""
        self._cursor.execute(_POINT, (None, source.legal_entity, [source.customer_no]))
        self._cursor.execute(_POINT, (source.customer_no, source.legal_entity, list(source.merged)))
        self._answer_for(survivor, [number for number in survivor.merged if number not in source.numbers])
        move_freezes(self._cursor, source.legal_entity, survivor.customer_no, source.customer_no, freezes)

    def _answer_for(self, survivor: Account, numbers: list[str]) -> None:
        self._cursor.execute(_ANSWER_FOR, (numbers or None, survivor.legal_entity, survivor.customer_no))

    def came_by(self, survivor: Account, customer_no: str, since_version: int) -> CameBy:
        """Return what came by a number to the survivor after an account version, what its live holds hold, and what is left of its redemptions."""
        self._cursor.execute(_MEANWHILE, (survivor.legal_entity, survivor.customer_no, customer_no, since_version))
        entries = [
            PostedMeanwhile(point_type, counter, points, parts_from(lots), parts_from(excused) if excused else ())
            for point_type, counter, points, lots, excused in self._cursor.fetchall()
        ]
        self._cursor.execute(_HELD, (survivor.legal_entity, customer_no))
        held = [part for (lots,) in self._cursor.fetchall() for part in held_from(lots)]
        self._cursor.execute(_REDEEMED, (survivor.legal_entity, customer_no))
        used: dict[str, int] = {}
        for (lots,) in self._cursor.fetchall():
            for lot, points in taken_from(lots)[1]:
                used[lot.point_type] = used.get(lot.point_type, 0) + points
        return CameBy(entries=entries, held=_added(held), used=used)

    def publish(self, legal_entity: str, merge: Merge, at: datetime, *, is_undo: bool) -> None:
        """Write what the relay publishes: from now on the survivor answers for both, or no longer does."""
        numbers = (merge.from_customer_no, merge.into_customer_no)
        self._cursor.execute(_PUBLISH, (begin_batch(self._cursor, at), legal_entity, merge.merge_id, *numbers, is_undo, at))


class MergesTopic:
    """Each merge, and each undoing of one."""

    @property
    def topic(self) -> Topic:
        return REDEMPTION_CUSTOMERS

    def read(self, cursor: Cursor, batches: Sequence[int]) -> Iterable[OutgoingRecord]:
        """Return the records of the given batches, in order of (batch_no, position)."""
        cursor.execute(_OUTGOING, (list(batches),))
        return [_record(*row) for row in cursor.fetchall()]


def _record(batch_no: int, at: datetime, legal_entity: str, merge_id: str, from_customer_no: str, into_customer_no: str, is_undo: bool) -> OutgoingRecord:
    made = CustomerMergeUndoneV1 if is_undo else CustomerMergedV1
    event = made(merge_id=merge_id, legal_entity=legal_entity, from_customer_no=from_customer_no, into_customer_no=into_customer_no)
    kind = CUSTOMER_MERGE_UNDONE if is_undo else CUSTOMER_MERGED
    return OutgoingRecord(batch_no, 0, f"{legal_entity}:{into_customer_no}".encode(), kind, msgspec.json.encode(event), at)


def _added(parts: Iterable[LotPart]) -> list[LotPart]:
    added: dict[Any, int] = {}
    for lot, points in parts:
        added[lot] = added.get(lot, 0) + points
    return [LotPart(lot, points) for lot, points in added.items()]


def _merge(row: Sequence[Any]) -> Merge:
    merge_id, from_customer_no, into_customer_no, reason, made_by, made_at, status, *decided, into_version, freezes = row
    decided_by, merged_at, undo_asked_by, undone_by, undone_at = decided
    return Merge(
        merge_id=merge_id,
        from_customer_no=from_customer_no,
        into_customer_no=into_customer_no,
        reason=reason,
        made_by=made_by,
        made_at=made_at,
        status=MergeStatus(status),
        decided_by=decided_by,
        merged_at=merged_at,
        undo_asked_by=undo_asked_by,
        undone_by=undone_by,
        undone_at=undone_at,
        into_version=into_version,
        freezes=tuple(freezes or ()),
    )
