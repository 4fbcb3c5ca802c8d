"""The accounts over one transaction's cursor."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

import msgspec
from psycopg2.extensions import cursor as Cursor
from psycopg2.extras import execute_values

from loyalty_shared.persistence.outgoing import begin_batch
from redemption.adapters.arrears import write_arrears
from redemption.adapters.entry_rows import ENTRY_COLUMNS, entry_values
from redemption.adapters.lot_rows import LOT_COLUMNS, lot_from, write_lots
from redemption.adapters.point_types import STATED, spending_order_from
from redemption.domain.account import Account
from redemption.domain.entries import Totals
from redemption.domain.freezing import Freeze

_TOTALS = msgspec.json.Decoder(dict[str, tuple[int, int, int]])
_ARREARS = msgspec.json.Decoder(dict[str, int])
_FREEZES = msgspec.json.Decoder(tuple[Freeze, ...])
_encode = msgspec.json.Encoder().encode

# One round trip, two statements: the second has a snapshot taken after the lock, so it sees the lots as the lock's last holder left them.
_LOCK: Final = "select from account where legal_entity = %(legal_entity)s and customer_no = %(customer_no)s for update;"
_READ: Final = f"""
select account.version, account.totals::text, account.arrears::text, account.freezes::text, account.active_on,
    account.merged_into, account.merged, ({STATED}), customer.status, {LOT_COLUMNS}
from (values (%(legal_entity)s, %(customer_no)s)) as wanted (legal_entity, customer_no)
left join account using (legal_entity, customer_no)
left join customer using (legal_entity, customer_no)
left join lot using (legal_entity, customer_no)
"""
_OPEN: Final = """
insert into account (legal_entity, customer_no, version, totals, opened_at)
values (%(legal_entity)s, %(customer_no)s, 0, '{}', clock_timestamp()) on conflict do nothing;
"""
_INSERT_ENTRIES: Final = f"insert into entry ({', '.join(ENTRY_COLUMNS)}) values %s"
_UPDATE: Final = "update account set version = %s, totals = %s, arrears = %s, active_on = %s where legal_entity = %s and customer_no = %s"
_OPEN_MISSING: Final = """
insert into account (legal_entity, customer_no, version, totals, opened_at)
select %s, customer_no, 0, '{}', clock_timestamp() from unnest(%s) as wanted (customer_no) on conflict do nothing
"""
_SURVIVORS: Final = "select customer_no, merged_into from account where legal_entity = %s and customer_no = any(%s) and merged_into is not null"
_MERGED_INTO_COLUMN: Final = 5
_STATUS_COLUMN: Final = 8
_LOT_COLUMN: Final = 9


def totals_from(text: str) -> dict[str, Totals]:
    """Return an account's totals from its row."""
    return {point_type: Totals(*sums) for point_type, sums in _TOTALS.decode(text).items()}


def totals_json(totals: dict[str, Totals]) -> str:
    """Return totals as an account's row keeps them: {point_type: [earned, used, expired]}."""
    return _encode({point_type: (sums.earned, sums.used, sums.expired) for point_type, sums in totals.items()}).decode()


def arrears_from(text: str | None) -> dict[str, int]:
    """Return an account's arrears from its row."""
    return _ARREARS.decode(text) if text else {}


def arrears_json(arrears: dict[str, int]) -> str | None:
    """Return arrears as an account's row keeps them; None when there are none, by which plain accounts are told."""
    return _encode(arrears).decode() if arrears else None


def freezes_from(text: str | None) -> tuple[Freeze, ...]:
    """Return an account's freezes from its row."""
    return _FREEZES.decode(text) if text else ()


class SqlAccounts:
    """The ledger's accounts, one by one. Everything that one transaction posts is one outgoing batch."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor
        self._batch_no: int | None = None
        self._posted = 0

    def find(self, legal_entity: str, customer_no: str, on: date) -> Account | None:
        """Return an account for reading, as it is on a business date; None when the customer never had one."""
        number, rows = self._of_survivor(_READ, legal_entity, customer_no, on)
        return _account(legal_entity, number, rows, on) if rows[0][0] is not None else None

    def find_for_update(self, legal_entity: str, customer_no: str, on: date) -> Account | None:
        """Return an account, locked and settled to the business date. One of a customer who is known but has none is empty; None: not known."""
        number, rows = self._of_survivor(_LOCK + _READ, legal_entity, customer_no, on)
        is_known = rows[0][0] is not None or rows[0][_STATUS_COLUMN] is not None
        return _account(legal_entity, number, rows, on, customer_no) if is_known else None

    def open_for_update(self, legal_entity: str, customer_no: str, on: date) -> Account:
        """Return an account, locked and settled to the business date; made when it is missing."""
        number, rows = self._of_survivor(_OPEN + _LOCK + _READ, legal_entity, customer_no, on)
        return _account(legal_entity, number, rows, on, customer_no)

    def open_all_for_update(self, legal_entity: str, customer_nos: Collection[str], on: date) -> Mapping[str, Account]:
        """Return the accounts that answer for these numbers, locked in key order and settled, by the number asked for; made where they are missing."""
        while True:
            self._cursor.execute(_SURVIVORS, (legal_entity, list(customer_nos)))
            survivors = dict(self._cursor.fetchall())
            accounts = self.open_each_for_update(legal_entity, sorted({survivors.get(number, number) for number in customer_nos}), on)
            if all(account.merged_into is None for account in accounts.values()):  # else one was merged between the two statements
                break
        for number, survivor in survivors.items():
            accounts[survivor].came_by = number
        return {number: accounts[survivors.get(number, number)] for number in customer_nos}

    def open_each_for_update(self, legal_entity: str, customer_nos: Sequence[str], on: date) -> dict[str, Account]:
        """Return the accounts of these very numbers, merged or not, locked in the order given and settled; made, before any is locked, where missing."""
        self._cursor.execute(_OPEN_MISSING, (legal_entity, sorted(customer_nos)))
        return {number: _account(legal_entity, number, self._rows(_LOCK + _READ, legal_entity, number, on), on) for number in customer_nos}

    def find_each(self, legal_entity: str, customer_nos: Sequence[str], on: date) -> dict[str, Account]:
        """Return the accounts of these very numbers, merged or not, for reading; one that is missing is empty."""
        return {number: _account(legal_entity, number, self._rows(_READ, legal_entity, number, on), on) for number in customer_nos}

    def post(self, account: Account, at: datetime) -> None:
        """Write what has become of a locked account: its entries, lots and balances."""
        if account.entries:
            self._post_entries(account, at)
        write_lots(self._cursor, (account,))
        write_arrears(self._cursor, (account,))
        account.touched.clear()

    def _post_entries(self, account: Account, at: datetime) -> None:
        if self._batch_no is None:
            self._batch_no = begin_batch(self._cursor, at)
        rows = [entry_values(account, entry, self._batch_no, position, at) for position, entry in enumerate(account.entries, self._posted)]
        self._posted += len(rows)
        account.entries.clear()
        execute_values(self._cursor, _INSERT_ENTRIES, rows)
        totals, arrears = totals_json(account.totals), arrears_json(account.arrears)
        self._cursor.execute(_UPDATE, (account.version, totals, arrears, account.active_on, account.legal_entity, account.customer_no))

    def _of_survivor(self, statements: str, legal_entity: str, customer_no: str, on: date) -> tuple[str, list[tuple[Any, ...]]]:
        """Return the rows of the account that answers for a number, and its own number."""
        rows = self._rows(statements, legal_entity, customer_no, on)
        survivor = rows[0][_MERGED_INTO_COLUMN]
        return (customer_no, rows) if survivor is None else (survivor, self._rows(statements, legal_entity, survivor, on))

    def _rows(self, statements: str, legal_entity: str, customer_no: str, on: date) -> list[tuple[Any, ...]]:
        self._cursor.execute(statements, {"legal_entity": legal_entity, "customer_no": customer_no, "on": on})
        return self._cursor.fetchall()


def _account(legal_entity: str, customer_no: str, rows: list[tuple[Any, ...]], on: date, asked_for: str | None = None) -> Account:
    """Return an account from its rows. `asked_for`: the number that what is done with it names."""
    version, totals, arrears, freezes, active_on, merged_into, merged, point_types, status = rows[0][:_LOT_COLUMN]
    account = Account(
        legal_entity=legal_entity,
        customer_no=customer_no,
        merged=tuple(merged or ()),
        merged_into=merged_into,
        came_by=None if asked_for == customer_no else asked_for,
        customer_status=status or "active",
        version=version or 0,
        totals=totals_from(totals) if totals else {},
        arrears=arrears_from(arrears),
        freezes=freezes_from(freezes),
        spending_order=spending_order_from(point_types),
        active_on=active_on,
        lots=dict(lot_from(row[_LOT_COLUMN:]) for row in rows if row[_LOT_COLUMN] is not None),
    )
    account.settle(on)
    return account
