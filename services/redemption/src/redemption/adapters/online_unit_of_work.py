"""One transaction of an online call, over psycopg2."""

from psycopg2.extensions import cursor as Cursor

from redemption.adapters.online_applications import SqlApplications
from redemption.adapters.online_holds import SqlHolds
from redemption.adapters.online_redemptions import SqlGrants, SqlRedemptions
from redemption.adapters.online_serials import SqlSerials
from redemption.adapters.unit_of_work import SqlLedgerWork


class SqlOnlineWork(SqlLedgerWork):
    """What an online call works with, beside the ledger."""

    def __init__(self, cursor: Cursor) -> None:
        super().__init__(cursor)
        self.holds = SqlHolds(cursor, self.accounts)
        self.redemptions = SqlRedemptions(cursor, self.accounts)
        self.grants = SqlGrants(cursor)
        self.serials = SqlSerials(cursor)
        self.applications = SqlApplications(cursor)
