"""Accounts' daily balances, and how far their months are decided."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import Final

from psycopg2.extensions import cursor as Cursor

from accrual.application.month_balances import AccountMonth
from accrual.domain.validity import day_in_month, month_after
from loyalty_shared.contracts.core import BalanceClosedV1
from loyalty_shared.persistence.arrays import text_array
from loyalty_shared.persistence.bulk import CopyRows, stage
from loyalty_shared.persistence.business_keys import Claim

_BalanceKey = tuple[str, str, date]

_COLUMNS: Final = "legal_entity, account_no, balance_on, source_system, customer_no, product_code, balance_minor, currency"
#: In key order, so that two batches with the same balances wait for each other, never in a circle.
_ADD: Final = f"""
insert into daily_balance ({_COLUMNS}) select {_COLUMNS} from staged_balance order by legal_entity, account_no, balance_on
on conflict do nothing returning legal_entity, account_no, balance_on
"""
_FIND: Final = f"""
select {_COLUMNS} from unnest(%s::text[], %s::text[], %s::date[]) as wanted (legal_entity, account_no, balance_on)
join daily_balance using (legal_entity, account_no, balance_on)
"""
_MONTHS: Final = "unnest(%s::text[], %s::text[], %s::date[]) as wanted (legal_entity, account_no, first_on)"
#: Nearly every account is there already: only what changes is locked. An account begins with the earliest month that came before it was decided at all.
_OPEN: Final = f"""
insert into balance_account as known (legal_entity, account_no, next_on, started)
select legal_entity, account_no, min(first_on), false from {_MONTHS}
where not exists (
  select from balance_account as there
  where there.legal_entity = wanted.legal_entity and there.account_no = wanted.account_no and (there.started or there.next_on <= wanted.first_on))
group by legal_entity, account_no order by legal_entity, account_no
on conflict (legal_entity, account_no) do update set next_on = least(known.next_on, excluded.next_on) where not known.started
"""
_LATE: Final = f"select count(*) from {_MONTHS} join balance_account using (legal_entity, account_no) where first_on < next_on"
_NOTE: Final = """
insert into balance_intake (legal_entity, partition, recorded_at) select legal_entity, %s, %s from unnest(%s::text[]) as taken (legal_entity)
order by legal_entity on conflict (legal_entity, partition) do update set recorded_at = excluded.recorded_at
"""
_DUE_ENTITIES: Final = """
select legal_entity from entity where exists (
  select from balance_account where balance_account.legal_entity = entity.legal_entity and next_on < date_trunc('month', entity.business_on)::date)
order by legal_entity
"""
#: Accounts that another worker has in hand are its to decide.
_HOLD_DUE: Final = """
select account_no, next_on from balance_account where legal_entity = %s and next_on < %s order by next_on, account_no limit %s for update skip locked
"""
_OF_ACCOUNT: Final = "legal_entity = wanted.legal_entity and account_no = wanted.account_no"
_LOAD: Final = f"""
select {", ".join(f"seen.{column}" for column in _COLUMNS.split(", "))}
from unnest(%s::text[], %s::date[], %s::date[]) as months (account_no, first_on, until) cross join lateral (select %s as legal_entity, account_no) as wanted
cross join lateral (
  (select * from daily_balance where {_OF_ACCOUNT} and balance_on < months.first_on order by balance_on desc limit 1)
  union all
  (select * from daily_balance where {_OF_ACCOUNT} and balance_on >= months.first_on and balance_on < months.until)
) as seen order by seen.account_no, seen.balance_on
"""
_MOVE_ON: Final = """
update balance_account set next_on = decided.until, started = true from unnest(%s::text[], %s::date[]) as decided (account_no, until)
where balance_account.legal_entity = %s and balance_account.account_no = decided.account_no
"""


class SqlBalances:
    """Accounts' balances, over one transaction's cursor."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def add(self, balances: Sequence[BalanceClosedV1]) -> Claim:
        first: dict[_BalanceKey, int] = {}
        rows = CopyRows()
        for position, each in enumerate(balances):
            if first.setdefault(_key(each), position) == position:
                rows.append(
                    each.legal_entity, each.account_no, each.balance_on, each.source_system, each.customer_no, each.product_code, each.balance_minor,
                    each.currency,
                )  # fmt: skip
        stage(self._cursor, "staged_balance", "like daily_balance")
        rows.copy(self._cursor, "staged_balance", _COLUMNS.split(", "))
        self._cursor.execute(_ADD)
        added = {tuple(row) for row in self._cursor.fetchall()}
        kept = self._find(first) if len(added) < len(balances) else {}
        claim = Claim([], [], [])
        for position, each in enumerate(balances):
            key = _key(each)
            if key in added and first[key] == position:
                claim.fresh.append(position)
            else:
                (claim.repeats if kept[key] == each else claim.conflicts).append(position)
        return claim

    def _find(self, keys: Collection[_BalanceKey]) -> dict[_BalanceKey, BalanceClosedV1]:
        entities, accounts, days = zip(*keys, strict=True)
        self._cursor.execute(_FIND, (text_array(entities), text_array(accounts), _date_array(days)))
        return {_key(found): found for found in map(_balance_from, self._cursor.fetchall())}

    def open_accounts(self, recorded: Sequence[BalanceClosedV1]) -> int:
        if not recorded:
            return 0
        entities, accounts, days = zip(*map(_key, recorded), strict=True)
        months = (text_array(entities), text_array(accounts), _date_array(day.replace(day=1) for day in days))
        self._cursor.execute(_OPEN, months)
        self._cursor.execute(_LATE, months)
        row = self._cursor.fetchone()
        assert row is not None
        late: int = row[0]
        return late

    def note_intake(self, legal_entities: Collection[str], partition: int, at: datetime) -> None:
        self._cursor.execute(_NOTE, (partition, at, text_array(legal_entities)))

    def last_intake(self, legal_entity: str) -> datetime | None:
        self._cursor.execute("select max(recorded_at) from balance_intake where legal_entity = %s", (legal_entity,))
        row = self._cursor.fetchone()
        return row[0] if row else None

    def list_due_entities(self) -> list[str]:
        self._cursor.execute(_DUE_ENTITIES)
        return [legal_entity for (legal_entity,) in self._cursor.fetchall()]

    def hold_due(self, legal_entity: str, before: date, limit: int) -> list[AccountMonth]:
        self._cursor.execute(_HOLD_DUE, (legal_entity, before, limit))
        return [AccountMonth(*row) for row in self._cursor.fetchall()]

    def load(self, legal_entity: str, months: Sequence[AccountMonth]) -> list[list[BalanceClosedV1]]:
        accounts, firsts = zip(*months, strict=True)
        self._cursor.execute(_LOAD, (text_array(accounts), _date_array(firsts), _date_array(map(_until, firsts)), legal_entity))
        of_account: dict[str, list[BalanceClosedV1]] = {account_no: [] for account_no in accounts}
        for balance in map(_balance_from, self._cursor.fetchall()):
            of_account[balance.account_no].append(balance)
        return list(of_account.values())

    def move_on(self, legal_entity: str, months: Sequence[AccountMonth]) -> None:
        accounts, firsts = zip(*months, strict=True)
        self._cursor.execute(_MOVE_ON, (text_array(accounts), _date_array(map(_until, firsts)), legal_entity))


def _key(balance: BalanceClosedV1) -> _BalanceKey:
    return balance.legal_entity, balance.account_no, balance.balance_on


def _balance_from(row: Sequence[object]) -> BalanceClosedV1:
    return BalanceClosedV1(**dict(zip(_COLUMNS.split(", "), row, strict=True)))  # type: ignore[arg-type]  # the table's columns are the Struct's fields


def _until(first_on: date) -> date:
    """Return the first day of the next month."""
    return day_in_month(*month_after(first_on, 1), 1)


def _date_array(days: Iterable[date]) -> str:
    return text_array(day.isoformat() for day in days)
