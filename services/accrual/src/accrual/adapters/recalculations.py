"""Recalculations, over one transaction's cursor."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from psycopg2.extensions import cursor as Cursor

from accrual.application.recalculation_records import RecalculationRecord, RecalculationStatus, Totals

_COLUMNS: Final = """
recalculation_id, legal_entity, from_on, to_on, customers, reason, status, made_by, made_at, checked_by, checked_at, rule_set, after_customer, events_total,
events, changed, points_given, points_taken, fault, finished_at
"""
_ADD: Final = f"insert into recalculation ({_COLUMNS}) values ({', '.join(['%s'] * _COLUMNS.count(','))}, %s)"
_OF: Final = f"select {_COLUMNS} from recalculation where legal_entity = %s"
_ADVANCE: Final = """
update recalculation set after_customer = %s, events_total = %s, events = %s, changed = %s, points_given = %s, points_taken = %s, status = %s, finished_at = %s
where recalculation_id = %s and status = 'running' and after_customer = %s
"""
#: After all instants that a recalculation was asked at.
_NOT_YET: Final = (datetime.max.replace(tzinfo=UTC), "")


class SqlRecalculations:
    """The recalculations."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def add(self, record: RecalculationRecord) -> None:
        totals, customers = record.totals, None if record.customers is None else list(record.customers)
        values = (
            record.recalculation_id, record.legal_entity, record.from_on, record.to_on, customers, record.reason, record.status.value, record.made_by,
            record.made_at, record.checked_by, record.checked_at, record.rule_set, record.after_customer, record.events_total,
            totals.events, totals.changed, totals.points_given, totals.points_taken, record.fault, record.finished_at,
        )  # fmt: skip
        self._cursor.execute(_ADD, values)

    def find(self, legal_entity: str, recalculation_id: str) -> RecalculationRecord | None:
        self._cursor.execute(f"{_OF} and recalculation_id = %s", (legal_entity, recalculation_id))
        return next(iter(self._records()), None)

    def find_for_update(self, legal_entity: str, recalculation_id: str) -> RecalculationRecord | None:
        self._cursor.execute(f"{_OF} and recalculation_id = %s for update", (legal_entity, recalculation_id))
        return next(iter(self._records()), None)

    def list_page(self, legal_entity: str, before: tuple[datetime, str] | None, limit: int) -> list[RecalculationRecord]:
        self._cursor.execute(
            f"{_OF} and (made_at, recalculation_id) < (%s, %s) order by made_at desc, recalculation_id desc limit %s",
            (legal_entity, *(before or _NOT_YET), limit),
        )
        return self._records()

    def find_running(self) -> RecalculationRecord | None:
        self._cursor.execute(f"select {_COLUMNS} from recalculation where status = 'running' order by made_at limit 1")
        return next(iter(self._records()), None)

    def save(self, record: RecalculationRecord) -> None:
        self._cursor.execute(
            "update recalculation set status = %s, checked_by = %s, checked_at = %s, rule_set = %s, fault = %s, finished_at = %s where recalculation_id = %s",
            (record.status.value, record.checked_by, record.checked_at, record.rule_set, record.fault, record.finished_at, record.recalculation_id),
        )

    def advance(self, before: RecalculationRecord, after: RecalculationRecord) -> bool:
        totals = after.totals
        values = (
            after.after_customer, after.events_total, totals.events, totals.changed, totals.points_given, totals.points_taken, after.status.value,
            after.finished_at, before.recalculation_id, before.after_customer,
        )  # fmt: skip
        self._cursor.execute(_ADVANCE, values)
        return self._cursor.rowcount == 1

    def _records(self) -> list[RecalculationRecord]:
        return [_record(row) for row in self._cursor.fetchall()]


def _record(row: Sequence[Any]) -> RecalculationRecord:
    (
        recalculation_id, legal_entity, from_on, to_on, customers, reason, status, made_by, made_at, checked_by, checked_at, rule_set, after_customer,
        events_total, events, changed, points_given, points_taken, fault, finished_at,
    ) = row  # fmt: skip
    return RecalculationRecord(
        recalculation_id=recalculation_id,
        legal_entity=legal_entity,
        from_on=from_on,
        to_on=to_on,
        customers=None if customers is None else tuple(customers),
        reason=reason,
        status=RecalculationStatus(status),
        made_by=made_by,
        made_at=made_at,
        checked_by=checked_by,
        checked_at=checked_at,
        rule_set=rule_set,
        after_customer=after_customer,
        events_total=events_total,
        totals=Totals(events=events, changed=changed, points_given=points_given, points_taken=points_taken),
        fault=fault,
        finished_at=finished_at,
    )
