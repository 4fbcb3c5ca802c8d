"""What-if runs, over one transaction's cursor."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from psycopg2.extensions import cursor as Cursor

from accrual.application.simulation_records import SimulationRecord, SimulationStatus
from accrual.domain.effect import Effect, effect_from, stored_effect

_COLUMNS: Final = """
simulation_id, legal_entity, rule, from_on, to_on, rule_set, status, made_by, made_at, after_customer, events_total, effect, fault, finished_at
"""
_ADD: Final = f"insert into simulation ({_COLUMNS}) values ({', '.join(['%s'] * _COLUMNS.count(','))}, %s)"
_OF: Final = f"select {_COLUMNS} from simulation where legal_entity = %s"
_ADVANCE: Final = """
update simulation set after_customer = %s, events_total = %s, effect = %s
where simulation_id = %s and status = 'running' and after_customer = %s
"""
#: After all instants that a simulation was made at.
_NOT_YET: Final = (datetime.max.replace(tzinfo=UTC), "")


class SqlSimulations:
    """The simulations."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def add(self, record: SimulationRecord) -> None:
        values = (
            record.simulation_id, record.legal_entity, msgspec.json.encode(record.rule).decode(), record.from_on, record.to_on, record.rule_set,
            record.status.value, record.made_by, record.made_at, record.after_customer, record.events_total, stored_effect(record.effect), record.fault,
            record.finished_at,
        )  # fmt: skip
        self._cursor.execute(_ADD, values)

    def find(self, legal_entity: str, simulation_id: str) -> SimulationRecord | None:
        self._cursor.execute(f"{_OF} and simulation_id = %s", (legal_entity, simulation_id))
        return next(iter(self._records()), None)

    def find_for_update(self, legal_entity: str, simulation_id: str) -> SimulationRecord | None:
        self._cursor.execute(f"{_OF} and simulation_id = %s for update", (legal_entity, simulation_id))
        return next(iter(self._records()), None)

    def list_page(self, legal_entity: str, before: tuple[datetime, str] | None, limit: int) -> list[SimulationRecord]:
        self._cursor.execute(
            f"{_OF} and (made_at, simulation_id) < (%s, %s) order by made_at desc, simulation_id desc limit %s", (legal_entity, *(before or _NOT_YET), limit)
        )
        return self._records()

    def find_running(self) -> SimulationRecord | None:
        self._cursor.execute(f"select {_COLUMNS} from simulation where status = 'running' order by made_at limit 1")
        return next(iter(self._records()), None)

    def save(self, record: SimulationRecord) -> None:
        self._cursor.execute(
            "update simulation set status = %s, fault = %s, finished_at = %s where simulation_id = %s",
            (record.status.value, record.fault, record.finished_at, record.simulation_id),
        )

    def advance(self, before: SimulationRecord, until: str, effect: Effect) -> bool:
        values = (until, before.events_total, stored_effect(effect), before.simulation_id, before.after_customer)
        self._cursor.execute(_ADVANCE, values)
        return self._cursor.rowcount == 1

    def _records(self) -> list[SimulationRecord]:
        return [_record(row) for row in self._cursor.fetchall()]


def _record(row: Sequence[Any]) -> SimulationRecord:
    simulation_id, legal_entity, rule, from_on, to_on, rule_set, status, made_by, made_at, after_customer, events_total, effect, fault, finished_at = row
    return SimulationRecord(
        simulation_id=simulation_id,
        legal_entity=legal_entity,
        rule=rule,
        from_on=from_on,
        to_on=to_on,
        rule_set=rule_set,
        status=SimulationStatus(status),
        made_by=made_by,
        made_at=made_at,
        after_customer=after_customer,
        events_total=events_total,
        effect=effect_from(effect),
        fault=fault,
        finished_at=finished_at,
    )
