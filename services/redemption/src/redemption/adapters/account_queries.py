"""Reading accounts: as they are, as they were, the statement and the lots."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
from psycopg2.extensions import cursor as Cursor

from redemption.adapters.account_history import find_history
from redemption.adapters.accounts import SqlAccounts
from redemption.adapters.freezes import list_freezes_then
from redemption.adapters.online_holds import list_ended_holds
from redemption.adapters.online_lots import held_from
from redemption.adapters.point_types import find_spending_order
from redemption.domain.account import Account
from redemption.domain.holds import EXPIRES_IN_SECONDS_MAX
from redemption.domain.rebuilding import rebuild

_STATUS: Final = "select status from customer where legal_entity = %s and customer_no = %s"
_HELD_THEN: Final = """
select lots::text from hold
where legal_entity = %s and customer_no = any(%s) and reserved_at <= %s and reserved_at > %s and expires_at > %s and (ended_at is null or ended_at > %s)
"""
_MERGED_THEN: Final = """
select {found} from merge where legal_entity = %s and {wanted} = %s and merged_at <= %s and (undone_at is null or undone_at > %s)
"""
#: A date that had not been closed by an instant: the first of those is the business date then.
_DATE_THEN: Final = "select min(business_on) from day_closed where legal_entity = %s and closed_at > %s"
_STATEMENT: Final = """
select batch_no, position, account_version, kind, points, point_type, lots::text, cause_kind, cause_source, cause_no, cause_leg, rule_code, application,
    channel, institution, business_on, balance_after, debit_account, credit_account, posted_at, came_by,
    case when cause_kind in ('redemption', 'redemption-void') then (
        select spent_by from redemption where redemption.legal_entity = entry.legal_entity and redemption_id = cause_no) end
from entry where legal_entity = %(legal_entity)s and account_version < %(before)s and customer_no = coalesce(
        (select merged_into from account where legal_entity = %(legal_entity)s and customer_no = %(customer_no)s), %(customer_no)s)
    and (%(kind)s is null or kind = %(kind)s) and (%(no)s is null or cause_no = %(no)s) and (%(source)s is null or cause_source = %(source)s)
    and (%(leg)s is null or cause_leg = %(leg)s)
order by account_version desc limit %(limit)s
"""
_BEFORE_ALL: Final = 2**63 - 1


class StatementLine(msgspec.Struct, frozen=True):
    """One entry of a customer's statement, in the order of the columns read."""

    batch_no: int
    position: int
    account_version: int
    kind: str
    points: int
    point_type: str
    lots: str
    cause_kind: str
    cause_source: str
    cause_no: str
    cause_leg: int
    rule_code: str | None
    application: str | None
    channel: str | None
    institution: str | None
    business_on: date
    balance_after: int
    debit_account: str
    credit_account: str
    posted_at: datetime
    came_by: str | None
    spent_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What `as_of` names: an instant, and the business date that was in force (for a date: the whole of that business date)."""

    at: datetime
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """What entries came from: a number, or with its source and leg one event exactly."""

    no: str | None = None
    source: str | None = None
    leg: int | None = None


def find_account(cursor: Cursor, legal_entity: str, customer_no: str, on: date, now: datetime) -> Account | None:
    """Return an account as it can be spent from now: holds whose time is up have ended, posted or not."""
    account = SqlAccounts(cursor).find(legal_entity, customer_no, on)
    if account is not None and any(lot.held for lot in account.lots.values()):
        for hold in list_ended_holds(cursor, account, now):
            account.release(hold.lots)
    return account


def find_account_as_of(cursor: Cursor, legal_entity: str, customer_no: str, moment: Moment) -> Account | None:
    """Return an account as it was, from its entries and holds; None when it had no entry yet. The status is today's.

    Of a number that was merged then: the account that answered for it.
    """
    customer_no = _survivor_then(cursor, legal_entity, customer_no, moment.at)
    history = find_history(cursor, legal_entity, customer_no, moment.at, moment.on)
    if history is None:
        return None
    account = Account(legal_entity=legal_entity, customer_no=customer_no)
    cursor.execute(_STATUS, (legal_entity, customer_no))
    status = cursor.fetchone()
    account.customer_status = status[0] if status else account.customer_status
    oldest = moment.at - timedelta(seconds=EXPIRES_IN_SECONDS_MAX)
    numbers = [customer_no, *_merged_then(cursor, legal_entity, customer_no, moment.at)]
    cursor.execute(_HELD_THEN, (legal_entity, numbers, moment.at, oldest, moment.at, moment.at))
    held = [part for (lots,) in cursor.fetchall() for part in held_from(lots)]
    account.freezes = list_freezes_then(cursor, legal_entity, customer_no, moment.at)
    account.spending_order = find_spending_order(cursor, legal_entity, moment.on)
    rebuild(account, *history, held, moment.on)
    return account


def _survivor_then(cursor: Cursor, legal_entity: str, customer_no: str, at: datetime) -> str:
    """Return the number that answered for this one at an instant: through several merges, the last."""
    number: str = customer_no
    while True:
        cursor.execute(_MERGED_THEN.format(found="into_customer_no", wanted="from_customer_no"), (legal_entity, number, at, at))
        row = cursor.fetchone()
        if row is None:
            return number
        number = row[0]


def _merged_then(cursor: Cursor, legal_entity: str, customer_no: str, at: datetime) -> list[str]:
    """Return the numbers that this one answered for at an instant."""
    cursor.execute(_MERGED_THEN.format(found="from_customer_no", wanted="into_customer_no"), (legal_entity, customer_no, at, at))
    merged = [number for (number,) in cursor.fetchall()]
    return merged + [further for number in merged for further in _merged_then(cursor, legal_entity, number, at)]


def moment_of(cursor: Cursor, legal_entity: str, as_of: date, zone: ZoneInfo, business_on: date) -> Moment:
    """Return what `as_of` means: of an instant the business date then, of a date everything that was posted on it or before."""
    if not isinstance(as_of, datetime):
        return Moment(at=datetime.max.replace(tzinfo=UTC) - timedelta(days=1), on=as_of) if as_of >= business_on else _end_of(cursor, legal_entity, as_of, zone)
    cursor.execute(_DATE_THEN, (legal_entity, as_of))
    row = cursor.fetchone()
    return Moment(at=as_of, on=row[0] if row and row[0] else business_on)


def _end_of(cursor: Cursor, legal_entity: str, on: date, zone: ZoneInfo) -> Moment:
    cursor.execute("select min(closed_at) from day_closed where legal_entity = %s and business_on >= %s", (legal_entity, on))
    row = cursor.fetchone()
    closed_at = row[0] if row else None
    return Moment(at=closed_at or datetime.combine(on + timedelta(days=1), time(), zone), on=on)


def list_statement(
    cursor: Cursor, legal_entity: str, customer_no: str, *, before: int | None, limit: int, kind: str | None, cause: Cause
) -> Sequence[StatementLine]:
    """Return a customer's entries, newest first, before an account version; only of a kind or cause where one is given."""
    cursor.execute(
        _STATEMENT,
        {
            "legal_entity": legal_entity,
            "customer_no": customer_no,
            "before": _BEFORE_ALL if before is None else before,
            "limit": limit,
            "kind": kind,
            "no": cause.no,
            "source": cause.source,
            "leg": cause.leg,
        },
    )
    return [StatementLine(*row) for row in cursor.fetchall()]


_TRIAL_BALANCE: Final = """
select account, sum(debit), sum(credit) from (
    select debit_account as account, abs(points) as debit, 0 as credit from entry where legal_entity = %(legal_entity)s
    union all select credit_account, 0, abs(points) from entry where legal_entity = %(legal_entity)s) as side
group by account order by account
"""


class LedgerAccountSums(msgspec.Struct, frozen=True):
    """What an account of the ledger was debited and credited; `net` is credit less debit."""

    account: str
    debit: int
    credit: int
    net: int


def list_trial_balance(cursor: Cursor, legal_entity: str) -> list[LedgerAccountSums]:
    """Return the sums by ledger account; `customer:<type>` accounts hold what the bank owes its customers, so the nets add up to zero."""
    cursor.execute(_TRIAL_BALANCE, {"legal_entity": legal_entity})
    # numeric: the books of many customers may hold more than a bigint
    return [LedgerAccountSums(account, int(debit), int(credit), int(credit - debit)) for account, debit, credit in cursor.fetchall()]
