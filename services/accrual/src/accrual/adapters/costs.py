"""The cost of a point, as the console's parameter states it."""

from datetime import date
from typing import Final

from psycopg2.extensions import cursor as Cursor

from accrual.domain.cost import COST_DEFAULT, CostPerPoint, cost_from
from loyalty_shared.contracts.console import ParameterChangedV1
from loyalty_shared.observability.logs import logger

COST_PER_POINT: Final = "cost-per-point"
_STATE: Final = """
insert into cost_per_point (legal_entity, effective_on, minor, currency) values (%s, %s, %s, %s)
on conflict (legal_entity, effective_on) do update set minor = excluded.minor, currency = excluded.currency
"""
_FIND: Final = "select minor, currency from cost_per_point where legal_entity = %s and effective_on <= %s order by effective_on desc limit 1"

_log = logger(__name__)


def keep_cost(cursor: Cursor, event: ParameterChangedV1) -> None:
    """Keep the cost per point that a parameter states; of other parameters nothing. A value that states none is logged, and changes nothing."""
    if event.name != COST_PER_POINT:
        return
    cost = cost_from(event.value)
    if cost is None:
        _log.error("not a cost per point", legal_entity=event.legal_entity, effective_on=event.effective_on.isoformat(), value=repr(event.value)[:100])
        return
    cursor.execute(_STATE, (event.legal_entity, event.effective_on, cost.minor, cost.currency))


class SqlCosts:
    """What points cost, over one transaction's cursor."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def cost_per_point(self, legal_entity: str, on: date) -> CostPerPoint:
        self._cursor.execute(_FIND, (legal_entity, on))
        row = self._cursor.fetchone()
        return COST_DEFAULT if row is None else CostPerPoint(*row)
