"""Accounts that have something due, over psycopg2."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Final

from loyalty_shared.persistence.arrays import text_array
from redemption.adapters.crediting import SqlCreditingWork
from redemption.application.credit_earned_points import AccountKey
from redemption.application.settle_accounts import Due, DuePlace
from redemption.domain.account import Account

_MATURED: Final = """
select distinct available_on, customer_no from lot
where legal_entity = %(legal_entity)s and available_on > '-infinity' and available_on <= %(on)s and (available_on, customer_no) > (%(due_on)s, %(customer_no)s)
order by available_on, customer_no limit %(limit)s
"""
# What lapsed long ago keeps its rows, for claw-backs to find: `since` keeps the scan of the index from going over them every time.
_LAPSED: Final = """
(select distinct {last_on} as last_on, customer_no from lot
    where legal_entity = %(legal_entity)s and {last_on} >= %(since)s and {last_on} < %(on)s and ({last_on}, customer_no) > (%(due_on)s, %(customer_no)s)
        and points > held
    order by 1, 2 limit %(limit)s)
"""
_EXPIRED: Final = f"{_LAPSED.format(last_on='expires_on')} union {_LAPSED.format(last_on='slides_to')} order by 1, 2 limit %(limit)s"
_STATEMENTS: Final = {Due.MATURED: _MATURED, Due.EXPIRED: _EXPIRED}

_SINCE: Final = "select expired_before from expiry_progress where legal_entity = %s"
_EXPIRED_BEFORE: Final = """
insert into expiry_progress values (%s, %s) on conflict (legal_entity) do update set expired_before = greatest(expiry_progress.expired_before, %s)
"""
_FREE: Final = """
select legal_entity, customer_no from account where (legal_entity, customer_no) in (select * from unnest(%s::text[], %s::text[]))
order by legal_entity, customer_no for update skip locked
"""


class SqlSettlingWork(SqlCreditingWork):
    """One transaction on accounts that have something due: locked, loaded and written as on the batch path."""

    def expired_before(self, legal_entity: str) -> date:
        """Return the date before which every lot's last date is done with."""
        self._cursor.execute(_SINCE, (legal_entity,))
        row = self._cursor.fetchone()
        return row[0] if row else date.min

    def mark_expired(self, legal_entity: str, before: date) -> None:
        """Write down that every lot whose last date was before that date has been expired."""
        self._cursor.execute(_EXPIRED_BEFORE, (legal_entity, before, before))

    def list_due(self, legal_entity: str, due: Due, since: date, on: date, after: DuePlace | None, limit: int) -> Sequence[DuePlace]:
        """Return customers with unposted points due from `since` by a business date, in the job's order."""
        place = after or DuePlace(date.min, "")
        wanted = {"legal_entity": legal_entity, "since": since, "on": on, "due_on": place.due_on, "customer_no": place.customer_no, "limit": limit}
        self._cursor.execute(_STATEMENTS[due], wanted)
        return [DuePlace(*row) for row in self._cursor.fetchall()]

    def lock_free(self, keys: Collection[AccountKey]) -> Sequence[AccountKey]:
        """Lock those of the accounts that nobody else holds, in key order, and return them."""
        self._cursor.execute(_FREE, (text_array(entity for entity, _ in keys), text_array(customer_no for _, customer_no in keys)))
        return self._cursor.fetchall()

    def post(self, accounts: Collection[Account], at: datetime) -> None:
        """Write what settling has led to."""
        rows = self.begin_posting(at, {}, 0)  # no partition: nothing is credited here, and an account's own entries find theirs
        for account in accounts:
            rows.post(account)
        rows.write()
