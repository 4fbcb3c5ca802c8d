"""Holds over one transaction's cursor."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from psycopg2.extensions import cursor as Cursor

from loyalty_shared.persistence.entity_dates import UnknownEntity
from redemption.adapters.accounts import SqlAccounts
from redemption.adapters.online_lots import held_from, held_json
from redemption.adapters.online_opening import HOLD_DATE
from redemption.domain.account import Account
from redemption.domain.holds import Hold, HoldStatus

_COLUMNS: Final = (
    "reservation_id, customer_no, points, application, channel, lots::text, expires_at, status, redemption_id, merchant_no, counted_on, quote_id, spent_by"
)
_FIND: Final = f"select {_COLUMNS} from hold where legal_entity = %s and reservation_id = %s"
_FIND_WITH_DATE: Final = f"""
select business_on, {_COLUMNS} from entity left join hold on hold.legal_entity = entity.legal_entity and reservation_id = %s where entity.legal_entity = %s
"""
#: Under the account's lock nothing but its holder changes the hold, so the lock comes first and a statement of its own reads after it.
_LOCK_ACCOUNT: Final = """
select from account where (legal_entity, customer_no) = (select legal_entity, customer_no from hold where legal_entity = %s and reservation_id = %s) for update;
"""
_ENDED: Final = f"""
select {_COLUMNS} from hold where legal_entity = %s and customer_no = any(%s) and status = 'reserved' and expires_at <= %s order by reservation_id
"""
_ADD: Final = """
insert into hold (legal_entity, reservation_id, customer_no, points, application, channel, lots, status, reserved_at, expires_at, merchant_no,
    counted_on, quote_id, spent_by)
values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_END: Final = "update hold set status = %s, ended_at = %s, redemption_id = %s where legal_entity = %s and reservation_id = %s and status = 'reserved'"
_ACCOUNTS_WITH_ENDED: Final = """
select distinct legal_entity, customer_no from
    (select legal_entity, customer_no from hold where status = 'reserved' and expires_at <= %s order by expires_at limit %s) as ended
order by legal_entity, customer_no
"""


def list_ended_holds(cursor: Cursor, account: Account, now: datetime) -> list[Hold]:
    """Return the account's holds whose time is up and whose end is not written yet: their points are the customer's again already."""
    cursor.execute(_ENDED, (account.legal_entity, list(account.numbers), now))
    return [_hold(row) for row in cursor.fetchall()]


class SqlHolds:
    """The reservations."""

    def __init__(self, cursor: Cursor, accounts: SqlAccounts) -> None:
        self._cursor = cursor
        self._accounts = accounts

    def find(self, legal_entity: str, reservation_id: str) -> Hold | None:
        """Return a hold, for reading."""
        self._cursor.execute(_FIND, (legal_entity, reservation_id))
        row = self._cursor.fetchone()
        return _hold(row) if row else None

    def find_for_update(self, legal_entity: str, reservation_id: str) -> tuple[Account, Hold] | None:
        """Hold the date; return the hold's account, locked and settled to it, and the hold as it is under that lock. Raises UnknownEntity."""
        self._cursor.execute(HOLD_DATE + _LOCK_ACCOUNT + _FIND_WITH_DATE, (legal_entity, legal_entity, reservation_id, reservation_id, legal_entity))
        row = self._cursor.fetchone()
        if row is None:
            raise UnknownEntity(legal_entity)
        on, *found = row
        if found[0] is None:
            return None
        hold = _hold(found)
        account = self._accounts.find_for_update(legal_entity, hold.customer_no, on)
        assert account is not None
        return account, hold

    def add(self, legal_entity: str, hold: Hold, at: datetime) -> None:
        """Write a new hold."""
        self._cursor.execute(
            _ADD,
            (
                legal_entity,
                hold.reservation_id,
                hold.customer_no,
                hold.points,
                hold.application,
                hold.channel,
                held_json(hold.lots),
                hold.status.value,
                at,
                hold.expires_at,
                hold.merchant_no,
                hold.counted_on,
                hold.quote_id,
                hold.spent_by,
            ),
        )

    def end(self, legal_entity: str, reservation_id: str, status: HoldStatus, at: datetime, redemption_id: str | None = None) -> None:
        """Write the end of a hold that was found live under its account's lock: nobody else has ended it since."""
        self._cursor.execute(_END, (status.value, at, redemption_id, legal_entity, reservation_id))

    def list_accounts_with_ended(self, now: datetime, holds_max: int) -> list[tuple[str, str]]:
        """Return (legal_entity, customer_no), in key order, of accounts with holds whose time is up; at most `holds_max` holds are looked at."""
        self._cursor.execute(_ACCOUNTS_WITH_ENDED, (now, holds_max))
        return self._cursor.fetchall()

    def end_expired(self, account: Account, now: datetime) -> None:
        """Release, on the locked account, the holds whose time is up, and write their ends."""
        if any(lot.held for lot in account.lots.values()):
            for hold in list_ended_holds(self._cursor, account, now):
                account.release(hold.lots)
                self.end(account.legal_entity, hold.reservation_id, HoldStatus.EXPIRED, now)


def _hold(row: Sequence[Any]) -> Hold:
    reservation_id, customer_no, points, application, channel, lots, expires_at, status, redemption_id, merchant_no, counted_on, quote_id, spent_by = row
    return Hold(
        reservation_id=reservation_id,
        customer_no=customer_no,
        points=points,
        application=application,
        channel=channel,
        lots=held_from(lots),
        expires_at=expires_at,
        status=HoldStatus(status),
        redemption_id=redemption_id,
        merchant_no=merchant_no,
        counted_on=counted_on,
        quote_id=quote_id,
        spent_by=spent_by,
    )
