"""Stores over one transaction's cursor."""

from typing import Final

import msgspec
from psycopg2.extensions import cursor as Cursor

from merchant.domain.stores import Store

_ADD: Final = "insert into store (legal_entity, merchant_no, store_no, body) values (%s, %s, %s, %s) on conflict do nothing"
_SAVE: Final = "update store set body = %s where legal_entity = %s and merchant_no = %s and store_no = %s"
_LIST: Final = """
select body::text from store where legal_entity = %s and merchant_no = %s and (%s::text is null or store_no > %s) order by store_no limit %s
"""


class SqlStores:
    """The stores of merchants."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def add(self, legal_entity: str, merchant_no: str, store: Store) -> bool:
        self._cursor.execute(_ADD, (legal_entity, merchant_no, store.store_no, msgspec.json.encode(store).decode()))
        return self._cursor.rowcount == 1

    def save(self, legal_entity: str, merchant_no: str, store: Store) -> bool:
        self._cursor.execute(_SAVE, (msgspec.json.encode(store).decode(), legal_entity, merchant_no, store.store_no))
        return self._cursor.rowcount == 1

    def list_page(self, legal_entity: str, merchant_no: str, after: str | None, limit: int) -> list[Store]:
        self._cursor.execute(_LIST, (legal_entity, merchant_no, after, after, limit))
        return [msgspec.json.decode(body, type=Store) for (body,) in self._cursor.fetchall()]
