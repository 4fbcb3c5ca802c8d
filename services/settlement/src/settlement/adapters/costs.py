"""The cost of a point, as the console's parameter states it."""

from typing import Final

from psycopg2.extensions import cursor as Cursor

from loyalty_shared.contracts.console import ParameterChangedV1
from loyalty_shared.observability.logs import logger
from settlement.domain.cost import cost_from

COST_PER_POINT: Final = "cost-per-point"
_STATE: Final = """
insert into cost_per_point (legal_entity, effective_on, minor, currency) values (%s, %s, %s, %s)
on conflict (legal_entity, effective_on) do update set minor = excluded.minor, currency = excluded.currency
"""

_log = logger(__name__)


def keep_cost(cursor: Cursor, event: ParameterChangedV1) -> None:
    """Keep the cost per point that a parameter states; other parameters are none of settlement's. A value that states none is logged, and changes nothing."""
    if event.name != COST_PER_POINT:
        return
    cost = cost_from(event.value)
    if cost is None:
        _log.error("not a cost per point", legal_entity=event.legal_entity, effective_on=event.effective_on.isoformat(), value=repr(event.value)[:100])
        return
    cursor.execute(_STATE, (event.legal_entity, event.effective_on, cost.minor, cost.currency))
