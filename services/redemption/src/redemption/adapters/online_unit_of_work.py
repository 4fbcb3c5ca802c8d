"""One transaction of an online call, over psycopg2."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date

from psycopg2.extensions import cursor as Cursor

from loyalty_shared.persistence.connections import Database
from redemption.adapters.customers import find_institution
from redemption.adapters.merchants import SqlMerchants
from redemption.adapters.online_applications import SqlApplications
from redemption.adapters.online_holds import SqlHolds
from redemption.adapters.online_opening import open_call
from redemption.adapters.online_quotes import SqlQuotes
from redemption.adapters.online_redemptions import SqlGrants, SqlRedemptions
from redemption.adapters.online_serials import SqlSerials
from redemption.adapters.online_transfers import SqlTransfers
from redemption.adapters.point_types import find_point_types
from redemption.adapters.pools import find_standing
from redemption.adapters.queued_cursor import queued_transaction
from redemption.adapters.unit_of_work import SqlLedgerWork
from redemption.application.online_ports import BeginOnlineWork, Call, Opened
from redemption.domain.account import Account
from redemption.domain.point_types import PointType
from redemption.domain.pools import Standing
from redemption.domain.reversals import Serial


class SqlOnlineWork(SqlLedgerWork):
    """What an online call works with, beside the ledger."""

    def __init__(self, cursor: Cursor) -> None:
        super().__init__(cursor)
        self.holds = SqlHolds(cursor, self.accounts)
        self.redemptions = SqlRedemptions(cursor, self.accounts)
        self.grants = SqlGrants(cursor)
        self.transfers = SqlTransfers(cursor)
        self.serials = SqlSerials(cursor)
        self.applications = SqlApplications(cursor)
        self.quotes = SqlQuotes(cursor)
        self.merchants = SqlMerchants(cursor)

    def find_point_types(self, legal_entity: str, on: date) -> Mapping[str, PointType]:
        """Return an entity's point types on a business date, by code."""
        return find_point_types(self.cursor, legal_entity, on)

    def find_institution(self, legal_entity: str, customer_no: str) -> str | None:
        """Return whose the customer is; None for one never announced, or announced without an institution."""
        return find_institution(self.cursor, legal_entity, customer_no)

    def find_pool_standing(self, owner: Account, member_no: str) -> Standing | None:
        """Return how a member stands to the owner whose account is locked; None: in no active pool of that owner."""
        return find_standing(self.cursor, owner, member_no)

    def open(self, call: Call, serials: Sequence[Serial], application: str | None = None) -> Opened:
        """Hold the entity's date, then the serials, waiting for a call under way with one of them; return what is known. Raises UnknownEntity."""
        return open_call(self.cursor, call, serials, application)


def begin_online_on(database: Database) -> BeginOnlineWork:
    """Return what opens an online call's transaction: committed at the block's end, rolled back when it raises."""

    @contextmanager
    def begin() -> Iterator[SqlOnlineWork]:
        with queued_transaction(database) as cursor:
            yield SqlOnlineWork(cursor)

    return begin
