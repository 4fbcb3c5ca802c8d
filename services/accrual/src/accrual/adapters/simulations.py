"""What-if runs, over one transaction's cursor."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from psycopg2.extensions import cursor as Cursor

from accrual.application.simulation_records import SimulationPart, SimulationRecord, SimulationStatus
from accrual.domain.effect import Effect, effect_from, stored_effect
from loyalty_shared.persistence.arrays import text_array

_COLUMNS: Final = """
simulation_id, legal_entity, rule, from_on, to_on, rule_set, status, made_by, made_at, events_total, fault, finished_at
"""
_ADD: Final = f"insert into simulation ({_COLUMNS}) values ({', '.join(['%s'] * _COLUMNS.count(','))}, %s)"
_OF: Final = f"select {_COLUMNS} from simulation where legal_entity = %s"
_RUNNING: Final = f"""
select {_COLUMNS} from simulation where status = 'running' and (events_total is null or exists (
    select from simulation_part as part where part.simulation_id = simulation.simulation_id and number = any(%s) and not is_done
)) order by made_at limit 1
"""
_PARTS: Final = """
select simulation_id, number, after_customer, until_customer, effect, is_done from simulation_part where simulation_id = any(%s::text[]) order by number
"""
_ADD_PARTS: Final = """
insert into simulation_part (simulation_id, number, after_customer, until_customer, effect, is_done)
select %s, ordinality - 1, coalesce(lag(until_customer) over (order by ordinality), ''), until_customer, %s, false
from unnest(%s::text[] || null::text) with ordinality as part (until_customer, ordinality)
"""
_ADVANCE: Final = """
update simulation_part as part set after_customer = %s, effect = %s, is_done = %s from simulation
where part.simulation_id = %s and number = %s and after_customer = %s and not is_done
    and simulation.simulation_id = part.simulation_id and status = 'running'
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
            record.status.value, record.made_by, record.made_at, record.events_total, record.fault, record.finished_at,
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

    def find_running(self, parts: Collection[int]) -> SimulationRecord | None:
        self._cursor.execute(_RUNNING, (list(parts),))
        return next(iter(self._records()), None)

    def save(self, record: SimulationRecord) -> None:
        self._cursor.execute(
            "update simulation set status = %s, fault = %s, finished_at = %s where simulation_id = %s",
            (record.status.value, record.fault, record.finished_at, record.simulation_id),
        )

    def divide(self, record: SimulationRecord, events_total: int, ends: Sequence[str]) -> None:
        self._cursor.execute("update simulation set events_total = %s where simulation_id = %s and events_total is null", (events_total, record.simulation_id))
        if self._cursor.rowcount:
            self._cursor.execute(_ADD_PARTS, (record.simulation_id, stored_effect(Effect()), text_array(ends)))

    def advance(self, record: SimulationRecord, before: SimulationPart, after: SimulationPart) -> bool:
        values = (after.after_customer, stored_effect(after.effect), after.is_done, record.simulation_id, before.number, before.after_customer)
        self._cursor.execute(_ADVANCE, values)
        return self._cursor.rowcount == 1

    def _records(self) -> list[SimulationRecord]:
        records = [_record(row) for row in self._cursor.fetchall()]
        parts: dict[str, list[SimulationPart]] = {record.simulation_id: [] for record in records}
        self._cursor.execute(_PARTS, (text_array(parts),))
        for simulation_id, *row in self._cursor.fetchall():
            parts[simulation_id].append(_part(row))
        return [replace(record, parts=tuple(parts[record.simulation_id])) for record in records]


def _record(row: Sequence[Any]) -> SimulationRecord:
    simulation_id, legal_entity, rule, from_on, to_on, rule_set, status, made_by, made_at, events_total, fault, finished_at = row
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
        events_total=events_total,
        fault=fault,
        finished_at=finished_at,
    )


def _part(row: Sequence[Any]) -> SimulationPart:
    number, after_customer, until_customer, effect, is_done = row
    return SimulationPart(number=number, after_customer=after_customer, until_customer=until_customer, effect=effect_from(effect), is_done=is_done)
