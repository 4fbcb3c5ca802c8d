"""Accounts beside what their entries and holds say, over psycopg2."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import date, datetime
from typing import Final

from loyalty_shared.persistence.connections import Database
from redemption.adapters.account_history import SUMS, sum_from
from redemption.adapters.accounts import arrears_json, totals_json
from redemption.adapters.online_lots import held_from
from redemption.adapters.unit_of_work import SqlLedgerWork
from redemption.domain.account import Account
from redemption.domain.lots import LotPart
from redemption.domain.rebuilding import LastPosted, PostedSum, rebuild

_CUSTOMERS: Final = """
(select customer_no from account where legal_entity = %(legal_entity)s and customer_no > %(after)s order by customer_no limit %(limit)s)
union (select customer_no from entry where legal_entity = %(legal_entity)s and customer_no > %(after)s and account_version = 1
    order by customer_no limit %(limit)s)
order by customer_no limit %(limit)s
"""
_SUMS: Final = f"""
select customer_no, {SUMS} from entry where legal_entity = %s and customer_no = any(%s) group by customer_no, point_type, counter_account
"""
_LAST: Final = """
select distinct on (customer_no) customer_no, business_on, active_on from entry where legal_entity = %s and customer_no = any(%s)
order by customer_no, account_version desc
"""
_HELD: Final = "select customer_no, lots::text from hold where legal_entity = %s and customer_no = any(%s) and status = 'reserved'"
_FORGET_LOTS: Final = "delete from lot where legal_entity = %s and customer_no = %s"
_KEEP: Final = "update account set version = %s, totals = %s, arrears = %s, active_on = %s where legal_entity = %s and customer_no = %s"


class SqlRebuildingWork(SqlLedgerWork):
    """One transaction on accounts and all their entries."""

    def list_customers(self, legal_entity: str, after: str, limit: int) -> Sequence[str]:
        """Return customers that have an account or entries, in key order."""
        self.cursor.execute(_CUSTOMERS, {"legal_entity": legal_entity, "after": after, "limit": limit})
        return [customer_no for (customer_no,) in self.cursor.fetchall()]

    def read_each(self, legal_entity: str, customers: Sequence[str], on: date, *, to_change: bool) -> Sequence[tuple[Account, Account]]:
        """Return each account as it is kept and as its entries and live holds make it, settled to the date.

        `to_change`: locked, and made where missing; else as one snapshot has them.
        """
        kept = self.accounts.open_each_for_update(legal_entity, customers, on) if to_change else self.accounts.find_each(legal_entity, customers, on)
        sums: defaultdict[str, list[PostedSum]] = defaultdict(list)
        self.cursor.execute(_SUMS, (legal_entity, list(customers)))
        for customer_no, *row in self.cursor.fetchall():
            sums[customer_no].append(sum_from(tuple(row)))
        self.cursor.execute(_LAST, (legal_entity, list(customers)))
        last = {customer_no: LastPosted(*row) for customer_no, *row in self.cursor.fetchall()}
        pairs = []
        for customer_no, account in kept.items():
            rebuilt = Account(legal_entity=legal_entity, customer_no=customer_no, merged=account.merged, merged_into=account.merged_into)
            rebuild(rebuilt, sums[customer_no], last.get(customer_no, LastPosted(date.min, None)), self._held(account), on)
            pairs.append((account, rebuilt))
        return pairs

    def _held(self, account: Account) -> list[LotPart]:
        if account.merged_into is not None:
            return []  # the survivor's account has them
        self.cursor.execute(_HELD, (account.legal_entity, list(account.numbers)))
        return [part for _, lots in self.cursor.fetchall() for part in held_from(lots)]

    def replace(self, rebuilt: Account, at: datetime) -> None:
        """Write a locked account anew, with all its lots, as it was rebuilt."""
        self.cursor.execute(_FORGET_LOTS, (rebuilt.legal_entity, rebuilt.customer_no))
        rebuilt.touched.update(rebuilt.lots)
        self.accounts.post(rebuilt, at)
        totals, arrears = totals_json(rebuilt.totals), arrears_json(rebuilt.arrears)
        self.cursor.execute(_KEEP, (rebuilt.version, totals, arrears, rebuilt.active_on, rebuilt.legal_entity, rebuilt.customer_no))


def begin_comparing_on(database: Database) -> Callable[[], AbstractContextManager[SqlRebuildingWork]]:
    """Return what opens a transaction that only reads, in one snapshot."""

    @contextmanager
    def begin() -> Iterator[SqlRebuildingWork]:
        with database.transaction() as cursor:
            cursor.execute("set transaction isolation level repeatable read, read only")
            yield SqlRebuildingWork(cursor)

    return begin
