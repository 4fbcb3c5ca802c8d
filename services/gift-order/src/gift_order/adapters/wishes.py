"""Wish lists, and who has earned in which campaign, over one transaction's cursor."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final

from psycopg2.extensions import cursor as Cursor

from gift_order.domain.wishes import Wish, WishStatus
from loyalty_shared.persistence.arrays import text_array

_COLUMNS: Final = "wish.legal_entity, wish_id, customer_no, wish.gift_code, points, wish.status, wished_at, told_at, tries"
_JOINED: Final = "wish join gift on gift.legal_entity = wish.legal_entity and gift.gift_code = wish.gift_code"
_ADD: Final = """
insert into wish (legal_entity, wish_id, customer_no, gift_code, status, wished_at, ask_at, tries) values (%s, %s, %s, %s, %s, %s, %s, 0)
on conflict (legal_entity, customer_no, gift_code) where status = 'open' do nothing
"""
_FIND_OPEN: Final = f"select {_COLUMNS} from {_JOINED} where wish.legal_entity = %s and customer_no = %s and wish.gift_code = %s and wish.status = 'open'"
_LIST: Final = f"""
select {_COLUMNS} from {_JOINED}
where wish.legal_entity = %(legal_entity)s and (%(customer_no)s::text is null or customer_no = %(customer_no)s)
  and (%(before)s::text is null or wish_id < %(before)s)
order by wish_id desc limit %(limit)s
"""
_ASK_SOON: Final = """
update wish set ask_at = least(ask_at, %s), tries = 0
from unnest(%s::text[], %s::text[]) as earned (legal_entity, customer_no)
where wish.legal_entity = earned.legal_entity and wish.customer_no = earned.customer_no and wish.status = 'open'
"""
_ASK_ALL: Final = "update wish set ask_at = least(ask_at, %s), tries = 0 where legal_entity = %s and status = 'open'"
_CLAIM_DUE: Final = f"""
with due as (
    select legal_entity, wish_id from wish where status = 'open' and ask_at <= %s order by ask_at limit %s for update skip locked
), claimed as (
    update wish set ask_at = %s from due where wish.legal_entity = due.legal_entity and wish.wish_id = due.wish_id returning wish.*
)
select {_COLUMNS.replace("wish.", "claimed.")} from claimed
join gift on gift.legal_entity = claimed.legal_entity and gift.gift_code = claimed.gift_code order by claimed.wish_id
"""
_TELL: Final = "update wish set status = 'within-reach', told_at = %s, ask_at = null where legal_entity = %s and wish_id = %s and status = 'open'"
_ASK_LATER: Final = "update wish set ask_at = %s, tries = tries + 1 where legal_entity = %s and wish_id = %s and status = 'open' and ask_at = %s"
_RECORD: Final = "insert into campaign_customer select * from unnest(%s::text[], %s::text[], %s::text[]) on conflict do nothing"


def ask_for_all(cursor: Cursor, legal_entity: str, at: datetime) -> None:
    """Have redemption asked about every open wish of the entity: with a new business date, points become available that nobody earned today."""
    cursor.execute(_ASK_ALL, (at, legal_entity))


class SqlWishes:
    """The wishes."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def add(self, wish: Wish, ask_at: datetime) -> Wish:
        """Write a wish, and return it: the customer's open one for that gift where there is one."""
        self._cursor.execute(_ADD, (wish.legal_entity, wish.wish_id, wish.customer_no, wish.gift_code, wish.status.value, wish.wished_at, ask_at))
        self._cursor.execute(_FIND_OPEN, (wish.legal_entity, wish.customer_no, wish.gift_code))
        row = self._cursor.fetchone()
        return _wish(row) if row else wish  # told in this very moment

    def list(self, legal_entity: str, customer_no: str | None, before: str | None, limit: int) -> list[Wish]:
        """Return wishes, newest first."""
        self._cursor.execute(_LIST, {"legal_entity": legal_entity, "customer_no": customer_no, "before": before, "limit": limit})
        return [_wish(row) for row in self._cursor.fetchall()]

    def has_open(self) -> bool:
        """Tell whether anyone has an open wish."""
        self._cursor.execute("select exists (select from wish where status = 'open')")
        return self._cursor.fetchone() == (True,)

    def ask_soon(self, customers: Collection[tuple[str, str]], at: datetime) -> None:
        """Have redemption asked, at that time, for these (legal_entity, customer_no) where they have open wishes."""
        in_order = sorted(customers)
        self._cursor.execute(_ASK_SOON, (at, text_array(entity for entity, _ in in_order), text_array(customer for _, customer in in_order)))

    def claim_due(self, now: datetime, until: datetime, wishes_max: int) -> Sequence[Wish]:
        """Return open wishes whose time to be asked for has come, and keep them from others until then."""
        self._cursor.execute(_CLAIM_DUE, (now, wishes_max, until))
        return [_wish(row) for row in self._cursor.fetchall()]

    def tell(self, wish: Wish, at: datetime) -> bool:
        """Write down that the gift came within reach; False when that was told before."""
        self._cursor.execute(_TELL, (at, wish.legal_entity, wish.wish_id))
        return self._cursor.rowcount == 1

    def ask_later(self, wish: Wish, claimed_until: datetime, at: datetime | None) -> None:
        """Have redemption asked again then, None: at the next earning or date. Nothing when one came since the wish was claimed: it is asked for soon."""
        self._cursor.execute(_ASK_LATER, (at, wish.legal_entity, wish.wish_id, claimed_until))


class SqlCampaigns:
    """Who has earned in which campaign."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def has_earned(self, legal_entity: str, campaign_code: str, customer_no: str) -> bool:
        """Tell whether the customer ever earned in the campaign."""
        self._cursor.execute(
            "select from campaign_customer where legal_entity = %s and campaign_code = %s and customer_no = %s", (legal_entity, campaign_code, customer_no)
        )
        return self._cursor.fetchone() is not None

    def record(self, earned: Collection[tuple[str, str, str]]) -> None:
        """Keep (legal_entity, campaign_code, customer_no) that are new."""
        if earned:
            entities, campaigns, customers = zip(*sorted(earned), strict=True)
            self._cursor.execute(_RECORD, (text_array(entities), text_array(campaigns), text_array(customers)))


def _wish(row: Sequence[Any]) -> Wish:
    legal_entity, wish_id, customer_no, gift_code, points, status, wished_at, told_at, tries = row
    return Wish(
        legal_entity=legal_entity,
        wish_id=wish_id,
        customer_no=customer_no,
        gift_code=gift_code,
        points=points,
        status=WishStatus(status),
        wished_at=wished_at,
        told_at=told_at,
        tries=tries,
    )
