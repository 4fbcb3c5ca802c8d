"""Merchants over one transaction's cursor."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from psycopg2.extensions import cursor as Cursor

from merchant.application.ports import Filter
from merchant.domain.merchants import Merchant, MerchantStatus, Profile

_COLUMNS: Final = "legal_entity, merchant_no, status, version, profile::text, made_by, checked_by, reason, registered_at, changed_at"
_NEXT_NO: Final = "select 'M' || lpad(nextval('merchant_no')::text, 8, '0')"
_ADD: Final = """
insert into merchant (legal_entity, merchant_no, status, merchant_type, institution, version, profile, made_by, checked_by, reason, registered_at, changed_at)
values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing
"""
_FIND: Final = f"select {_COLUMNS} from merchant where legal_entity = %s and merchant_no = %s"
_SAVE: Final = """
update merchant set status = %s, version = %s, checked_by = %s, reason = %s, changed_at = %s where legal_entity = %s and merchant_no = %s
"""
_LIST: Final = f"""
select {_COLUMNS} from merchant
where legal_entity = %s and (%s::text is null or merchant_no > %s) and (%s::text is null or status = %s)
    and (%s::text is null or merchant_type = %s) and (%s::text is null or institution = %s)
    and (%s::text[] is null or institution = any(%s))
order by merchant_no limit %s
"""


class SqlMerchants:
    """The merchants of all entities."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def next_no(self) -> str:
        self._cursor.execute(_NEXT_NO)
        row = self._cursor.fetchone()
        assert row is not None
        number: str = row[0]
        return number

    def add(self, merchant: Merchant) -> bool:
        self._cursor.execute(
            _ADD,
            (
                merchant.legal_entity,
                merchant.merchant_no,
                merchant.status,
                merchant.profile.merchant_type,
                merchant.profile.institution,
                merchant.version,
                msgspec.json.encode(merchant.profile).decode(),
                merchant.made_by,
                merchant.checked_by,
                merchant.reason,
                merchant.registered_at,
                merchant.changed_at,
            ),
        )
        return self._cursor.rowcount == 1

    def find(self, legal_entity: str, merchant_no: str) -> Merchant | None:
        return self._find(_FIND, legal_entity, merchant_no)

    def find_for_update(self, legal_entity: str, merchant_no: str) -> Merchant | None:
        return self._find(f"{_FIND} for update", legal_entity, merchant_no)

    def save(self, merchant: Merchant) -> None:
        changed = (merchant.status, merchant.version, merchant.checked_by, merchant.reason, merchant.changed_at)
        self._cursor.execute(_SAVE, (*changed, merchant.legal_entity, merchant.merchant_no))

    def list_page(self, legal_entity: str, wanted: Filter, after: str | None, limit: int) -> list[Merchant]:
        within = None if wanted.institutions is None else sorted(wanted.institutions)
        bounds = [bound for value in (after, wanted.status, wanted.merchant_type, wanted.institution, within) for bound in (value, value)]
        self._cursor.execute(_LIST, (legal_entity, *bounds, limit))
        return [_merchant(row) for row in self._cursor.fetchall()]

    def _find(self, statement: str, legal_entity: str, merchant_no: str) -> Merchant | None:
        self._cursor.execute(statement, (legal_entity, merchant_no))
        row = self._cursor.fetchone()
        return _merchant(row) if row else None


def _merchant(row: Sequence[Any]) -> Merchant:
    legal_entity, merchant_no, status, version, profile, made_by, checked_by, reason, registered_at, changed_at = row
    return Merchant(
        legal_entity=legal_entity,
        merchant_no=merchant_no,
        profile=msgspec.json.decode(profile, type=Profile),
        status=MerchantStatus(status),
        version=version,
        made_by=made_by,
        checked_by=checked_by,
        reason=reason,
        registered_at=registered_at,
        changed_at=changed_at,
    )


def count_by_status(cursor: Cursor) -> dict[tuple[str, MerchantStatus], int]:
    """Return how many merchants each entity has in each status, 0 included."""
    cursor.execute("select entity.legal_entity, status, count(merchant_no) from entity left join merchant using (legal_entity) group by 1, 2")
    rows = cursor.fetchall()
    counted = {(legal_entity, status): 0 for legal_entity, *_ in rows for status in MerchantStatus}
    counted.update({(legal_entity, MerchantStatus(status)): merchants for legal_entity, status, merchants in rows if status is not None})
    return counted
