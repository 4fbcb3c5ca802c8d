"""Exchange rates, as the console's parameter states them."""

from collections.abc import Collection, Mapping
from typing import Final

import msgspec
from psycopg2.extensions import cursor as Cursor

from accrual.domain.converting import RATED_IN, RateTable, rates_from
from loyalty_shared.contracts.console import ParameterChangedV1
from loyalty_shared.observability.logs import logger
from loyalty_shared.persistence.arrays import text_array

EXCHANGE_RATES: Final = "exchange-rates"

#: The consumer of parameters is alone in stating them, so the next version is the highest there is and one.
_STATE: Final = """
insert into exchange_rate (legal_entity, effective_on, version, rates)
select %(legal_entity)s, %(effective_on)s, coalesce(max(version), 0) + 1, %(rates)s from exchange_rate where legal_entity = %(legal_entity)s
on conflict (legal_entity, effective_on) do update set version = excluded.version, rates = excluded.rates
"""
_VERSIONS: Final = """
select code, (select version from exchange_rate where legal_entity = code order by version desc limit 1) from unnest(%s::text[]) as code
"""
_OF_ENTITY: Final = "select effective_on, rates from exchange_rate where legal_entity = %s"
_decode: Final = msgspec.json.Decoder(dict[str, str]).decode

_log = logger(__name__)


def keep_rates(cursor: Cursor, event: ParameterChangedV1) -> None:
    """Keep the exchange rates that a parameter states; of other parameters nothing. A value that states none is logged, and changes nothing."""
    if event.name != EXCHANGE_RATES:
        return
    rates = rates_from(event.value)
    if rates is None or RATED_IN in rates:
        _log.error("not exchange rates", legal_entity=event.legal_entity, effective_on=event.effective_on.isoformat(), value=repr(event.value)[:100])
        return
    stated = {"legal_entity": event.legal_entity, "effective_on": event.effective_on, "rates": msgspec.json.encode(rates).decode()}
    cursor.execute(_STATE, stated)


class RateTables(dict[str, tuple[int, RateTable]]):
    """The rates of one process by entity, each with the version it was loaded in: all of an entity's are loaded again when it states others."""


class SqlRates:
    """The exchange rates, over one transaction's cursor."""

    def __init__(self, cursor: Cursor, kept: RateTables) -> None:
        self._cursor = cursor
        self._kept = kept

    def load(self, legal_entities: Collection[str]) -> Mapping[str, RateTable]:
        if not legal_entities:
            return {}
        self._cursor.execute(_VERSIONS, (text_array(legal_entities),))
        return {code: self._table_of(code, version) for code, version in self._cursor.fetchall() if version is not None}

    def _table_of(self, legal_entity: str, version: int) -> RateTable:
        kept = self._kept.get(legal_entity)
        if kept is not None and kept[0] == version:
            return kept[1]
        self._cursor.execute(_OF_ENTITY, (legal_entity,))
        table = RateTable([(effective_on, _decode(rates)) for effective_on, rates in self._cursor.fetchall()])
        self._kept[legal_entity] = (version, table)
        return table
