"""Accounts that have something due, over psycopg2."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Final

from redemption.adapters.crediting import SqlCreditingWork
from redemption.application.settle_accounts import Due, DuePlace
from redemption.domain.account import Account

_DUE: Final = {
    Due.MATURED: """
        select distinct available_on, customer_no from lot
        where legal_entity = %s and available_on > '-infinity' and available_on <= %s and (available_on, customer_no) > (%s, %s)
        order by available_on, customer_no limit %s
    """,
    Due.EXPIRED: """
        select distinct least(expires_on, slides_to) as last_on, customer_no from lot
        where legal_entity = %s and least(expires_on, slides_to) < %s and points > held and (least(expires_on, slides_to), customer_no) > (%s, %s)
        order by last_on, customer_no limit %s
    """,
}


class SqlSettlingWork(SqlCreditingWork):
    """One transaction on accounts that have something due: locked, loaded and written as on the batch path."""

    def list_due(self, legal_entity: str, due: Due, on: date, after: DuePlace | None, limit: int) -> Sequence[DuePlace]:
        """Return customers with unposted points due by a business date, in the job's order."""
        self._cursor.execute(_DUE[due], (legal_entity, on, *(after or DuePlace(date.min, "")), limit))
        return [DuePlace(*row) for row in self._cursor.fetchall()]

    def post(self, accounts: Collection[Account], at: datetime) -> None:
        """Write what settling has led to."""
        rows = self.begin_posting(at, {}, 0)  # no partition: nothing is credited here, and an account's own entries find theirs
        for account in accounts:
            rows.post(account)
        rows.write()
