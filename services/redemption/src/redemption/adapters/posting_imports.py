"""Lines of approved imports on their way into the ledger, over psycopg2: accounts are locked, loaded and written as for files of adjustments."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Final

from psycopg2.extensions import cursor as Cursor
from psycopg2.extras import execute_values

from loyalty_shared.persistence.entity_dates import Entity
from redemption.adapters.imports import find_approved_import, list_waiting_lines
from redemption.adapters.point_types import find_point_types
from redemption.adapters.posting_files import SqlPostingWork
from redemption.application.credit_earned_points import AccountKey
from redemption.application.import_ports import KeptImport
from redemption.domain.account import Account
from redemption.domain.importing import ImportLine
from redemption.domain.point_types import PointType

_RECORD: Final = """
update point_import_line as line set new_points = seen.new_points, status = seen.status, code = seen.code, fault = seen.fault,
    account_no = seen.account_no, account_version = seen.account_version
from (values %s) as seen (legal_entity, import_id, line_no, new_points, status, code, fault, account_no, account_version)
where line.legal_entity = seen.legal_entity and line.import_id = seen.import_id and line.line_no = seen.line_no
"""
_TYPES: Final = "(%s, %s, %s::bigint, %s::bigint, %s, %s, %s, %s, %s::bigint)"
_END: Final = "update point_import set status = 'posted', ended_at = %s where legal_entity = %s and import_id = %s"


class SqlImportingWork:
    """One transaction that posts lines of an approved import."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor
        self._posting = SqlPostingWork(cursor)

    def hold_dates(self, legal_entities: Collection[str]) -> Mapping[str, Entity]:
        """Keep the entities' business dates from moving until the transaction ends."""
        return self._posting.hold_dates(legal_entities)

    def find_approved(self, legal_entity: str) -> KeptImport | None:
        """Return the oldest import that is approved and not posted yet, locked; None when there is none."""
        return find_approved_import(self._cursor, legal_entity)

    def find_point_types(self, legal_entity: str, on: date) -> Mapping[str, PointType]:
        """Return an entity's point types on a business date, by code."""
        return find_point_types(self._cursor, legal_entity, on)

    def list_waiting(self, legal_entity: str, import_id: str, limit: int) -> Sequence[ImportLine]:
        """Return the next lines to post, in the order of customer and line."""
        return list_waiting_lines(self._cursor, legal_entity, import_id, limit)

    def load_accounts(self, keys: Sequence[AccountKey], opening: Collection[AccountKey], entities: Mapping[str, Entity], at: datetime) -> Mapping[str, Account]:
        """Return the accounts that answer for these customers, by number, locked in key order and settled; those of `opening` are made when missing.

        Raises AccountsChanged when one was merged meanwhile.
        """
        return self._posting.load_accounts(keys, opening, entities, at)

    def post(self, accounts: Collection[Account], at: datetime) -> None:
        """Write what has become of the accounts."""
        self._posting.post(accounts, at)

    def record(self, legal_entity: str, import_id: str, lines: Sequence[ImportLine]) -> None:
        """Write what has become of these lines."""
        rows = [
            (legal_entity, import_id, line.line_no, line.new_points, line.status.value, line.code, line.fault, line.account_no, line.account_version)
            for line in lines
        ]
        execute_values(self._cursor, _RECORD, rows, template=_TYPES, page_size=len(rows))

    def end(self, legal_entity: str, import_id: str, at: datetime) -> None:
        """Write that all lines have been looked at."""
        self._cursor.execute(_END, (at, legal_entity, import_id))
