"""Redemptions, their refunds, and grants, over one transaction's cursor."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from psycopg2.extensions import cursor as Cursor

from loyalty_shared.persistence.entity_dates import UnknownEntity
from redemption.adapters.accounts import SqlAccounts
from redemption.adapters.online_lots import held_from, held_json, taken_from, taken_json
from redemption.adapters.online_opening import HOLD_DATE
from redemption.domain.account import Account
from redemption.domain.grants import Grant
from redemption.domain.lots import lot_id_of, lot_key_from
from redemption.domain.spending import Redemption, RedemptionStatus, Refund

_COLUMNS: Final = "redemption_id, customer_no, points, application, redemption.business_on, lots::text, status, merchant_no, counted_on, spent_by"
_FIND: Final = f"select {_COLUMNS} from redemption where legal_entity = %s and redemption_id = %s"
_FIND_WITH_DATE: Final = f"""
select entity.business_on, {_COLUMNS} from entity
left join redemption on redemption.legal_entity = entity.legal_entity and redemption_id = %s where entity.legal_entity = %s
"""
#: As for holds: the account's lock first, then a statement of its own that reads after it.
_LOCK_ACCOUNT: Final = """
select from account
where (legal_entity, customer_no) = (select legal_entity, customer_no from redemption where legal_entity = %s and redemption_id = %s) for update;
"""
_ADD: Final = """
insert into redemption (legal_entity, redemption_id, customer_no, points, application, channel, lots, status, business_on, redeemed_at, merchant_no,
    counted_on, spent_by)
values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_CHANGE: Final = "update redemption set lots = %s, status = %s where legal_entity = %s and redemption_id = %s"
_ADD_REFUND: Final = "insert into refund (legal_entity, refund_id, redemption_id, points, channel, lots, refunded_at) values (%s, %s, %s, %s, %s, %s, %s)"
_GET_REFUND: Final = "select refund_id, redemption_id, points, lots::text from refund where legal_entity = %s and refund_id = %s"
_ADD_GRANT: Final = """
insert into point_grant (legal_entity, grant_id, customer_no, points, lot_id, channel, reason, granted_at) values (%s, %s, %s, %s, %s, %s, %s, %s)
"""
_GET_GRANT: Final = "select grant_id, customer_no, points, lot_id, reason from point_grant where legal_entity = %s and grant_id = %s"


class SqlRedemptions:
    """Points spent and given back."""

    def __init__(self, cursor: Cursor, accounts: SqlAccounts) -> None:
        self._cursor = cursor
        self._accounts = accounts

    def find_for_update(self, legal_entity: str, redemption_id: str) -> tuple[Account, Redemption] | None:
        """Hold the date; return the redemption's account, locked and settled to it, and the redemption as it is under that lock. Raises UnknownEntity."""
        self._cursor.execute(HOLD_DATE + _LOCK_ACCOUNT + _FIND_WITH_DATE, (legal_entity, legal_entity, redemption_id, redemption_id, legal_entity))
        row = self._cursor.fetchone()
        if row is None:
            raise UnknownEntity(legal_entity)
        on, *found = row
        if found[0] is None:
            return None
        redemption = _redemption(found)
        account = self._accounts.find_for_update(legal_entity, redemption.customer_no, on)
        assert account is not None
        return account, redemption

    def get(self, legal_entity: str, redemption_id: str) -> Redemption:
        """Return a redemption whose account is locked."""
        self._cursor.execute(_FIND, (legal_entity, redemption_id))
        return _redemption(_only(self._cursor))

    def add(self, legal_entity: str, redemption: Redemption, channel: str, at: datetime) -> None:
        """Write a new redemption."""
        self._cursor.execute(
            _ADD,
            (
                legal_entity,
                redemption.redemption_id,
                redemption.customer_no,
                redemption.points,
                redemption.application,
                channel,
                taken_json(redemption.taken, redemption.left),
                redemption.status.value,
                redemption.business_on,
                at,
                redemption.merchant_no,
                redemption.counted_on,
                redemption.spent_by,
            ),
        )

    def change(self, legal_entity: str, redemption: Redemption) -> None:
        """Write what is left of a redemption, and its status."""
        lots = taken_json(redemption.taken, redemption.left)
        self._cursor.execute(_CHANGE, (lots, redemption.status.value, legal_entity, redemption.redemption_id))

    def add_refund(self, legal_entity: str, refund: Refund, channel: str, at: datetime) -> None:
        """Write a refund."""
        values = (legal_entity, refund.refund_id, refund.redemption_id, refund.points, channel, held_json(refund.restored), at)
        self._cursor.execute(_ADD_REFUND, values)

    def get_refund(self, legal_entity: str, refund_id: str) -> Refund:
        """Return a refund."""
        self._cursor.execute(_GET_REFUND, (legal_entity, refund_id))
        known_id, redemption_id, points, lots = _only(self._cursor)
        return Refund(refund_id=known_id, redemption_id=redemption_id, points=points, restored=held_from(lots))


class SqlGrants:
    """Points given by channels."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def add(self, legal_entity: str, grant: Grant, channel: str, at: datetime) -> None:
        """Write a grant."""
        values = (legal_entity, grant.grant_id, grant.customer_no, grant.points, lot_id_of(grant.lot), channel, grant.reason, at)
        self._cursor.execute(_ADD_GRANT, values)

    def get(self, legal_entity: str, grant_id: str) -> Grant:
        """Return a grant."""
        self._cursor.execute(_GET_GRANT, (legal_entity, grant_id))
        known_id, customer_no, points, lot_id, reason = _only(self._cursor)
        return Grant(grant_id=known_id, customer_no=customer_no, points=points, lot=lot_key_from(lot_id), reason=reason)


def _only(cursor: Cursor) -> tuple[Any, ...]:
    row = cursor.fetchone()
    if row is None:
        raise RuntimeError("what a kept answer names is not in the database")
    return row


def _redemption(row: Sequence[Any]) -> Redemption:
    redemption_id, customer_no, points, application, business_on, lots, status, merchant_no, counted_on, spent_by = row
    taken, left = taken_from(lots)
    return Redemption(
        redemption_id=redemption_id,
        customer_no=customer_no,
        points=points,
        application=application,
        business_on=business_on,
        taken=taken,
        left=left,
        status=RedemptionStatus(status),
        merchant_no=merchant_no,
        counted_on=counted_on,
        spent_by=spent_by,
    )
