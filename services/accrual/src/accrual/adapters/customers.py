"""Customers' facts, every version of them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from psycopg2.extensions import cursor as Cursor

from accrual.application.facts import CustomerFacts, CustomerKey
from loyalty_shared.contracts.core import CustomerChangedV1, TransactionPostedV1
from loyalty_shared.persistence.arrays import text_array
from loyalty_shared.persistence.bulk import CopyRows, stage
from loyalty_shared.persistence.business_keys import Claim

CustomerVersion = tuple[str, str, datetime]

COLUMNS: Final = "legal_entity, customer_no, name, level, tags, born_on, joined_on, institution, status, changed_at"
_OF_CUSTOMER: Final = "legal_entity = wanted.legal_entity and customer_no = wanted.customer_no"
#: The versions that the transactions of one customer from `first_at` to `last_at` can see: never all of a customer who has had thousands.
_LOAD: Final = f"""
select {", ".join(f"seen.{column}" for column in COLUMNS.split(", "))}
from unnest(%s::text[], %s::text[], %s::timestamptz[], %s::timestamptz[]) as wanted (legal_entity, customer_no, first_at, last_at) cross join lateral (
  (select * from customer_fact where {_OF_CUSTOMER} and changed_at <= wanted.first_at order by changed_at desc limit 1)
  union all
  (select * from customer_fact where {_OF_CUSTOMER} and changed_at > wanted.first_at and changed_at <= wanted.last_at and wanted.first_at < wanted.last_at)
) as seen
"""
#: Of a customer whose facts all came after: the earliest known.
_LOAD_EARLIEST: Final = f"""
select {", ".join(f"earliest.{column}" for column in COLUMNS.split(", "))}
from unnest(%s::text[], %s::text[]) as wanted (legal_entity, customer_no) cross join lateral (
  select * from customer_fact where {_OF_CUSTOMER} order by changed_at limit 1
) as earliest
"""
_FIND: Final = f"""
select {COLUMNS} from unnest(%s::text[], %s::text[], %s::timestamptz[]) as wanted (legal_entity, customer_no, changed_at)
join customer_fact using (legal_entity, customer_no, changed_at)
"""
#: In key order, so that two batches with the same customers wait for each other, never in a circle.
_ADD: Final = f"""
insert into customer_fact ({COLUMNS}) select {COLUMNS} from staged_customer order by legal_entity, customer_no, changed_at
on conflict do nothing returning legal_entity, customer_no, changed_at
"""
_LIST: Final = f"select {COLUMNS} from customer_fact where legal_entity = %s and customer_no = %s order by changed_at desc limit %s"


def customer_from(row: Sequence[object]) -> CustomerChangedV1:
    """Return the facts of one row, in the order of COLUMNS."""
    legal_entity, customer_no, name, level, tags, born_on, joined_on, institution, status, changed_at = row
    return CustomerChangedV1(
        legal_entity=legal_entity,  # type: ignore[arg-type]  # the table's columns are the Struct's fields
        customer_no=customer_no,  # type: ignore[arg-type]
        name=name,  # type: ignore[arg-type]
        level=level,  # type: ignore[arg-type]
        tags=tags,  # type: ignore[arg-type]
        born_on=born_on,  # type: ignore[arg-type]
        joined_on=joined_on,  # type: ignore[arg-type]
        institution=institution,  # type: ignore[arg-type]
        status=status,  # type: ignore[arg-type]
        changed_at=changed_at,  # type: ignore[arg-type]
    )


def find_versions(cursor: Cursor, wanted: Sequence[CustomerVersion]) -> dict[CustomerVersion, CustomerChangedV1]:
    """Return the very versions (entity, customer, changed_at) that decisions were made with."""
    if not wanted:
        return {}
    entities, customers, instants = zip(*wanted, strict=True)
    cursor.execute(_FIND, (text_array(entities), text_array(customers), text_array(instant.isoformat() for instant in instants)))
    found = (customer_from(row) for row in cursor.fetchall())
    return {(version.legal_entity, version.customer_no, version.changed_at): version for version in found}


class SqlCustomers:
    """Customers' facts, over one transaction's cursor."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def load(self, events: Sequence[TransactionPostedV1]) -> CustomerFacts:
        spans: dict[CustomerKey, tuple[datetime, datetime]] = {}
        for event in events:
            customer, at = (event.legal_entity, event.customer_no), event.transaction_at
            span = spans.get(customer)
            spans[customer] = (at, at) if span is None else (min(span[0], at), max(span[1], at))
        found = self._load(_LOAD, spans, spans.values())
        late = spans.keys() - {(version.legal_entity, version.customer_no) for version in found}
        return CustomerFacts(found + self._load(_LOAD_EARLIEST, late, ()))

    def _load(self, statement: str, customers: Collection[CustomerKey], spans: Collection[tuple[datetime, datetime]]) -> list[CustomerChangedV1]:
        if not customers:
            return []
        instants = (text_array(map(datetime.isoformat, column)) for column in zip(*spans, strict=True))
        self._cursor.execute(statement, (*(text_array(column) for column in zip(*customers, strict=True)), *instants))
        return [customer_from(row) for row in self._cursor.fetchall()]

    def list_versions(self, legal_entity: str, customer_no: str, limit: int) -> list[CustomerChangedV1]:
        self._cursor.execute(_LIST, (legal_entity, customer_no, limit))
        return [customer_from(row) for row in self._cursor.fetchall()]

    def add(self, versions: Sequence[CustomerChangedV1]) -> Claim:
        rows = CopyRows()
        first: dict[CustomerVersion, int] = {}
        for position, version in enumerate(versions):
            if first.setdefault(_version_of(version), position) == position:
                rows.append(
                    version.legal_entity, version.customer_no, version.name, version.level, text_array(version.tags), version.born_on, version.joined_on,
                    version.institution, version.status, version.changed_at,
                )  # fmt: skip
        stage(self._cursor, "staged_customer", "like customer_fact")
        rows.copy(self._cursor, "staged_customer", COLUMNS.split(", "))
        self._cursor.execute(_ADD)
        added = {tuple(row) for row in self._cursor.fetchall()}
        kept = find_versions(self._cursor, sorted(first)) if len(added) < len(versions) else {}
        claim = Claim([], [], [])
        for position, version in enumerate(versions):
            key = _version_of(version)
            if key in added and first[key] == position:
                claim.fresh.append(position)
            elif kept[key] == version:
                claim.repeats.append(position)
            else:
                claim.conflicts.append(position)
        return claim


def _version_of(version: CustomerChangedV1) -> CustomerVersion:
    return version.legal_entity, version.customer_no, version.changed_at
