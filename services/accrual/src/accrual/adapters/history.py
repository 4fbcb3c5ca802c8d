"""The stored history, read customer by customer: decisions that stand, with what they were made from."""

from collections import defaultdict
from collections.abc import Sequence
from operator import attrgetter
from typing import Any, Final

from psycopg2.extensions import cursor as Cursor

from accrual.adapters.customers import find_versions
from accrual.adapters.decision_rows import COLUMNS, StoredDecision, stored_from
from accrual.adapters.originals import zones_of
from accrual.adapters.rule_sets import RuleSets
from accrual.application.facts import Place, TransactionKey, key_of, original_key_of
from accrual.application.history import Past, PastCustomer, Span
from accrual.application.run_ports import HistoryPage
from accrual.domain.decide import local_time
from loyalty_shared.contracts.core import TransactionPostedV1, TransactionRefundedV1
from loyalty_shared.persistence.arrays import number_array, text_array

_NEXT_CUSTOMERS: Final = """
select customer_no, count(*) from (
    select customer_no from decision where legal_entity = %s and customer_no > %s and (%s is null or customer_no <= %s)
    order by customer_no limit %s
) as next group by customer_no order by customer_no
"""
_FIRST: Final = "coalesce(first_batch_no, decision.batch_no), coalesce(first_position, decision.position)"
_STANDS: Final = "superseded_by is null"
_EARNERS: Final = f"""
select {COLUMNS}, {_FIRST} from decision where legal_entity = %s and customer_no = any(%s::text[])
    and transaction_on >= %s and transaction_on < %s and original_no is null and {_STANDS}
"""
#: Whoever brings a refund, its points are of the customer who bought.
_REFUNDS: Final = f"""
select {COLUMNS}, {_FIRST} from unnest(%s::text[], %s::text[], %s::int[]) as earner (its_source, its_no, its_leg)
join decision on legal_entity = %s and original_no = its_no and original_leg = its_leg and coalesce(original_source_system, source_system) = its_source
where original_no is not null and outcome <> 'waiting' and {_STANDS}
"""
_COUNT: Final = f"""
select count(*) from decision where legal_entity = %s and transaction_on >= %s and transaction_on < %s
    and original_no is null and {_STANDS} and (%s::text[] is null or customer_no = any(%s::text[]))
"""
#: `upto`: events of all customers up to this one.
_DIVIDE: Final = f"""
with reached as materialized (
    select customer_no, sum(count(*)) over (order by customer_no) as upto from decision
    where legal_entity = %s and transaction_on >= %s and transaction_on < %s and original_no is null and {_STANDS} group by customer_no
), total as (select max(upto) as events from reached)
select events, array(select (select min(customer_no) from reached where upto * %s >= events * part) from generate_series(1, %s) as part) from total
"""


class SqlHistory:
    """The history, over one transaction's cursor."""

    def __init__(self, cursor: Cursor, rule_sets: RuleSets) -> None:
        self._cursor = cursor
        self._rule_sets = rule_sets

    def count(self, span: Span, customers: Sequence[str] | None = None) -> int:
        listed = None if customers is None else text_array(customers)
        self._cursor.execute("set local enable_seqscan = on")  # the one statement that looks at all rows
        self._cursor.execute(_COUNT, (span.legal_entity, span.from_on, span.to_on, listed, listed))
        row = self._cursor.fetchone()
        self._cursor.execute("set local enable_seqscan = off")
        assert row is not None
        return int(row[0])

    def divide(self, span: Span, parts: int) -> tuple[int, list[str]]:
        self._cursor.execute("set local enable_seqscan = on")  # as above
        self._cursor.execute(_DIVIDE, (span.legal_entity, span.from_on, span.to_on, parts, parts - 1))
        row = self._cursor.fetchone()
        self._cursor.execute("set local enable_seqscan = off")
        assert row is not None
        return (0, []) if row[0] is None else (int(row[0]), list(row[1]))

    def read_page(self, span: Span, after: str, rows_max: int, until: str | None = None) -> HistoryPage:
        self._cursor.execute(_NEXT_CUSTOMERS, (span.legal_entity, after, until, until, rows_max))
        counted = self._cursor.fetchall()
        if not counted:
            return HistoryPage([], after, is_last=True)
        customers = [customer_no for customer_no, _ in counted]
        return HistoryPage(self.read_customers(span, customers), customers[-1], is_last=sum(rows for _, rows in counted) < rows_max)

    def read_customers(self, span: Span, customers: Sequence[str]) -> list[PastCustomer]:
        self._cursor.execute(_EARNERS, (span.legal_entity, text_array(customers), span.from_on, span.to_on))
        earners = self._pasts(span.legal_entity, self._cursor.fetchall())
        owners = {key_of(past.event): past.event.customer_no for past in earners if type(past.event) is TransactionPostedV1}
        by_customer: defaultdict[str, list[Past]] = defaultdict(list)
        for past in earners:
            by_customer[past.event.customer_no].append(past)
        for past in self._refunds_of(span.legal_entity, list(owners)):
            assert isinstance(past.event, TransactionRefundedV1)
            by_customer[owners[original_key_of(past.event)]].append(past)
        for events in by_customer.values():
            events.sort(key=attrgetter("first"))
        return [PastCustomer(customer_no, by_customer[customer_no]) for customer_no in sorted(by_customer)]

    def _refunds_of(self, legal_entity: str, keys: Sequence[TransactionKey]) -> list[Past]:
        if not keys:
            return []
        _, sources, numbers, legs = zip(*keys, strict=True)
        self._cursor.execute(_REFUNDS, (text_array(sources), text_array(numbers), number_array(legs), legal_entity))
        return self._pasts(legal_entity, self._cursor.fetchall())

    def _pasts(self, legal_entity: str, rows: Sequence[Sequence[Any]]) -> list[Past]:
        stored: list[tuple[StoredDecision, Place]] = [(stored_from(row[:-2]), (row[-2], row[-1])) for row in rows]
        versions = {(one.event.legal_entity, one.event.customer_no, one.facts_at) for one, _ in stored if one.facts_at is not None}
        customers = find_versions(self._cursor, [version for version in versions if version[2] is not None])
        zone = zones_of(self._cursor, (legal_entity,))[legal_entity] if rows else None
        pasts = []
        for one, first in stored:
            assert zone is not None
            facts_at = one.facts_at
            pasts.append(
                Past(
                    place=one.place,
                    first=first,
                    event=one.event,
                    local=local_time(one.event, zone),
                    decision=one.decision,
                    rules=self._rule_sets.get(self._cursor, one.decision.rule_set),
                    customer=customers[legal_entity, one.event.customer_no, facts_at] if facts_at else None,
                    traceparent=one.traceparent,
                )
            )
        return pasts
