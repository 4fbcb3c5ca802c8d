"""The console's parameters that accrual keeps."""

from psycopg2.extensions import cursor as Cursor

from accrual.adapters.costs import keep_cost
from accrual.adapters.rates import keep_rates
from loyalty_shared.contracts.console import ParameterChangedV1


def keep_parameter(cursor: Cursor, event: ParameterChangedV1) -> None:
    """Keep what a parameter states that decisions are made from; of other parameters nothing."""
    keep_rates(cursor, event)
    keep_cost(cursor, event)
