"""Extensions of expiry over one transaction's cursor."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from psycopg2.extensions import cursor as Cursor

from loyalty_shared.persistence.entity_dates import Entity, hold_date
from loyalty_shared.web.idempotency import Answers
from redemption.adapters.accounts import SqlAccounts
from redemption.adapters.settling import SqlSettlingWork
from redemption.domain.extending import Extension, ExtensionStatus

_COLUMNS: Final = """
extension_id, customer_no, institution, expires_on, extend_to, reason, asked_by, asked_at, status, decided_by, decided_at, done_before, accounts, points
"""
_FIND: Final = f"select {_COLUMNS} from expiry_extension where legal_entity = %s and extension_id = %s"
_APPROVED: Final = f"""
select {_COLUMNS} from expiry_extension where legal_entity = %s and status = 'approved' order by extension_id limit 1 for update skip locked
"""
_LIST: Final = f"""
select {_COLUMNS} from expiry_extension where legal_entity = %(legal_entity)s and (%(after)s is null or extension_id < %(after)s)
order by extension_id desc limit %(limit)s
"""
_ADD: Final = """
insert into expiry_extension (legal_entity, extension_id, customer_no, institution, expires_on, extend_to, reason, asked_by, asked_at, status)
values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_CHANGE: Final = """
update expiry_extension set status = %s, decided_by = %s, decided_at = %s, done_before = %s, accounts = %s, points = %s
where legal_entity = %s and extension_id = %s
"""
_CUSTOMERS: Final = """
select distinct customer_no from lot
where legal_entity = %(legal_entity)s and customer_no > %(done_before)s and expires_on >= %(on)s and expires_on < %(extend_to)s and points > held
    and (%(customer_no)s is null or customer_no = %(customer_no)s) and (%(institution)s is null or institution = %(institution)s)
    and (%(expires_on)s is null or expires_on = %(expires_on)s)
order by customer_no limit %(limit)s
"""


class SqlExtensions:
    """The extensions that staff asked for."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def find(self, legal_entity: str, extension_id: str) -> Extension | None:
        """Return an extension; None when there is none of that id."""
        return self._one(_FIND, (legal_entity, extension_id))

    def find_for_update(self, legal_entity: str, extension_id: str) -> Extension | None:
        """Return an extension, locked; None when there is none of that id."""
        return self._one(f"{_FIND} for update", (legal_entity, extension_id))

    def find_approved_for_update(self, legal_entity: str) -> Extension | None:
        """Return one that is to be carried out and that no other worker has in hand, locked; None: there is none."""
        return self._one(_APPROVED, (legal_entity,))

    def list_page(self, legal_entity: str, after: str | None, limit: int) -> Sequence[Extension]:
        """Return extensions, newest first, those older than `after`."""
        self._cursor.execute(_LIST, {"legal_entity": legal_entity, "after": after, "limit": limit})
        return [_extension(row) for row in self._cursor.fetchall()]

    def add(self, legal_entity: str, extension: Extension) -> None:
        """Write a new extension."""
        values = (extension.extension_id, extension.customer_no, extension.institution, extension.expires_on, extension.extend_to, extension.reason)
        self._cursor.execute(_ADD, (legal_entity, *values, extension.asked_by, extension.asked_at, extension.status.value))

    def change(self, legal_entity: str, extension: Extension) -> None:
        """Write what has become of a locked extension."""
        values = (extension.status.value, extension.decided_by, extension.decided_at, extension.done_before, extension.accounts, extension.points)
        self._cursor.execute(_CHANGE, (*values, legal_entity, extension.extension_id))

    def list_customers(self, legal_entity: str, extension: Extension, on: date, limit: int) -> Sequence[str]:
        """Return customers, in key order, with points that it is for and that have not lapsed by a business date; those after `done_before`."""
        wanted = {
            "legal_entity": legal_entity,
            "done_before": extension.done_before,
            "on": on,
            "extend_to": extension.extend_to,
            "customer_no": extension.customer_no,
            "institution": extension.institution,
            "expires_on": extension.expires_on,
            "limit": limit,
        }
        self._cursor.execute(_CUSTOMERS, wanted)
        return [customer_no for (customer_no,) in self._cursor.fetchall()]

    def _one(self, statement: str, values: tuple[str, ...]) -> Extension | None:
        self._cursor.execute(statement, values)
        row = self._cursor.fetchone()
        return _extension(row) if row else None


class SqlExtendingWork(SqlSettlingWork):
    """One transaction on extensions and the accounts that they are for."""

    def __init__(self, cursor: Cursor) -> None:
        super().__init__(cursor)
        self.extensions = SqlExtensions(cursor)
        self.accounts = SqlAccounts(cursor)
        self.answers = Answers(cursor)

    def hold_date(self, legal_entity: str) -> Entity:
        """Keep the entity's business date from moving until the transaction ends. Raises UnknownEntity."""
        return hold_date(self._cursor, legal_entity)


def _extension(row: Sequence[Any]) -> Extension:
    names = "extension_id customer_no institution expires_on extend_to reason asked_by asked_at status decided_by decided_at done_before accounts points"
    fields = dict(zip(names.split(), row, strict=True))
    return Extension(**fields | {"status": ExtensionStatus(fields["status"])})
