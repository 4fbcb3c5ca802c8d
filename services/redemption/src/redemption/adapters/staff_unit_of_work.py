"""One transaction of what staff do, over psycopg2."""

from psycopg2.extensions import cursor as Cursor

from redemption.adapters.customers import find_institution
from redemption.adapters.freezes import SqlFreezes
from redemption.adapters.unit_of_work import SqlLedgerWork


class SqlStaffWork(SqlLedgerWork):
    """What a call by staff works with, beside the ledger."""

    def __init__(self, cursor: Cursor) -> None:
        super().__init__(cursor)
        self.freezes = SqlFreezes(cursor)

    def find_institution(self, legal_entity: str, customer_no: str) -> str | None:
        """Return whose the customer is; None for one never announced, or announced without an institution."""
        return find_institution(self.cursor, legal_entity, customer_no)
