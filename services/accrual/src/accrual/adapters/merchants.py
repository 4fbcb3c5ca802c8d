"""Merchants' facts, every version of them, by the batch that recorded it."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from psycopg2.extensions import cursor as Cursor
from psycopg2.extras import execute_values

from accrual.adapters.decision_rows import StoredDecision
from accrual.application.facts import MerchantAt, merchant_seen
from accrual.domain.merchant_facts import UNREGISTERED, MerchantFacts
from accrual.domain.rule_set import RuleSet
from loyalty_shared.contracts.merchant import MerchantChangedV1
from loyalty_shared.persistence.arrays import number_array, text_array

#: A batch sees what was recorded before it: see `application/record_merchants.py`.
_LOAD: Final = """
select wanted.legal_entity, wanted.merchant_no, wanted.batch_no, merchant_type, mcc, institution, status
from unnest(%s::text[], %s::text[], %s::bigint[]) as wanted (legal_entity, merchant_no, batch_no) cross join lateral (
  select merchant_type, mcc, institution, status from merchant_fact
  where legal_entity = wanted.legal_entity and merchant_no = wanted.merchant_no and batch_no < wanted.batch_no order by batch_no desc limit 1
) as seen
"""
_ADD: Final = """
insert into merchant_fact (legal_entity, merchant_no, batch_no, version, changed_at, merchant_type, mcc, institution, status)
select changed.* from (values %s) as changed (legal_entity, merchant_no, batch_no, version, changed_at, merchant_type, mcc, institution, status)
where not exists (
  select from merchant_fact as known where known.legal_entity = changed.legal_entity and known.merchant_no = changed.merchant_no
    and (known.changed_at, known.version) >= (changed.changed_at, changed.version)
)
"""
_TYPES: Final = "(%s, %s, %s::bigint, %s::integer, %s::timestamptz, %s, %s, %s, %s)"
#: More than a batch of the consumer holds, so that the count of rows is that of one statement.
_ROWS_PER_STATEMENT: Final = 100_000


def load_merchants(cursor: Cursor, wanted: Collection[MerchantAt]) -> dict[MerchantAt, MerchantFacts]:
    """Return the facts that each (entity, merchant, batch) saw or sees; none of a merchant that was not known by then."""
    if not wanted:
        return {}
    entities, merchants, batches = zip(*wanted, strict=True)
    cursor.execute(_LOAD, (text_array(entities), text_array(merchants), number_array(batches)))
    return {(row[0], row[1], row[2]): MerchantFacts(*row[3:]) for row in cursor.fetchall()}


def merchants_of(cursor: Cursor, stored: Sequence[StoredDecision], rules: Sequence[RuleSet]) -> list[MerchantFacts]:
    """Return the merchant's facts that each of these decisions saw, made with the rule set beside it."""
    seen = [merchant_seen(one.event, one.decision.transaction_on, decided_with, one.place[0]) for one, decided_with in zip(stored, rules, strict=True)]
    found = load_merchants(cursor, {merchant for merchant in seen if merchant is not None})
    return [UNREGISTERED if merchant is None else found.get(merchant, UNREGISTERED) for merchant in seen]


class SqlMerchants:
    """Merchants' facts, over one transaction's cursor."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def load(self, wanted: Collection[MerchantAt]) -> Mapping[MerchantAt, MerchantFacts]:
        return load_merchants(self._cursor, wanted)

    def add(self, batch_no: int, changes: Sequence[MerchantChangedV1]) -> int:
        if not changes:
            return 0
        rows = [
            (each.legal_entity, each.merchant_no, batch_no, each.version, each.changed_at, each.merchant_type, each.mcc, each.institution, each.status)
            for each in changes
        ]
        execute_values(self._cursor, _ADD, rows, template=_TYPES, page_size=_ROWS_PER_STATEMENT)
        return self._cursor.rowcount
