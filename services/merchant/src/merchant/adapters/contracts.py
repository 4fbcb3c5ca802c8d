"""Contracts over one transaction's cursor."""

from datetime import date
from typing import Final

import msgspec
from psycopg2.extensions import cursor as Cursor

from merchant.domain.contracts import Contract

_ADD: Final = """
insert into contract (legal_entity, merchant_no, contract_no, status, effective_from, effective_to, body)
values (%s, %s, %s, %s, %s, coalesce(%s, 'infinity'::date), %s) on conflict do nothing
"""
_SAVE: Final = "update contract set status = %s, body = %s where legal_entity = %s and merchant_no = %s and contract_no = %s"
_OF_MERCHANT: Final = "select body::text from contract where legal_entity = %s and merchant_no = %s"
_FIND: Final = f"{_OF_MERCHANT} and contract_no = %s"
_LIST_ACTIVE: Final = f"""
{_OF_MERCHANT} and status = 'active' and effective_from < coalesce(%s, 'infinity'::date) and effective_to > %s order by effective_from
"""
_LIST: Final = f"""
{_OF_MERCHANT} and (%s::text is null or contract_no > %s)
    and (%s::date is null or (status = 'active' and effective_from <= %s and effective_to > %s))
order by contract_no limit %s
"""


class SqlContracts:
    """The contracts of merchants."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def add(self, legal_entity: str, merchant_no: str, contract: Contract) -> bool:
        dates = (contract.effective_from, contract.effective_to)
        self._cursor.execute(_ADD, (legal_entity, merchant_no, contract.contract_no, contract.status, *dates, msgspec.json.encode(contract).decode()))
        return self._cursor.rowcount == 1

    def save(self, legal_entity: str, merchant_no: str, contract: Contract) -> None:
        self._cursor.execute(_SAVE, (contract.status, msgspec.json.encode(contract).decode(), legal_entity, merchant_no, contract.contract_no))

    def find(self, legal_entity: str, merchant_no: str, contract_no: str) -> Contract | None:
        found = self._read(_FIND, legal_entity, merchant_no, contract_no)
        return found[0] if found else None

    def list_active(self, legal_entity: str, merchant_no: str, start: date, end: date | None) -> list[Contract]:
        return self._read(_LIST_ACTIVE, legal_entity, merchant_no, end, start)

    def list_page(self, legal_entity: str, merchant_no: str, on: date | None, after: str | None, limit: int) -> list[Contract]:
        return self._read(_LIST, legal_entity, merchant_no, after, after, on, on, on, limit)

    def _read(self, statement: str, *values: object) -> list[Contract]:
        self._cursor.execute(statement, values)
        return [msgspec.json.decode(body, type=Contract) for (body,) in self._cursor.fetchall()]
