"""An account as it was, from its entries alone: for `as_of`, and to prove that what is kept is what was posted.

What entries change adds up whatever their order, so sums are all that is needed of them.
"""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from redemption.domain.account import Account
from redemption.domain.entries import EXPIRED, MOVED_EXPIRED, Totals
from redemption.domain.lots import Lot, LotPart


class PostedSum(NamedTuple):
    """What an account's entries of one point type against one system account come to. `lots` and `excused`: of all of them, in any order."""

    point_type: str
    counter_account: str
    points: int
    entries: int
    lots: Iterable[LotPart]
    excused: Iterable[LotPart]


class LastPosted(NamedTuple):
    """What an account's last entry says of the account: its business date, and the customer's last activity (None: not kept)."""

    business_on: date
    active_on: date | None


def rebuild(account: Account, sums: Iterable[PostedSum], last: LastPosted, held: Iterable[LotPart], on: date) -> None:
    """Bring an empty account to what all its entries, and the holds alive, have made of it on a business date."""
    account.active_on = last.active_on
    for posted in sums:
        changed = 0
        for lot, points in posted.lots:
            changed += points
            account.lots.setdefault(lot, Lot()).points += points
            if posted.counter_account in (EXPIRED, MOVED_EXPIRED):
                account.lots.setdefault(lot.matured(), Lot()).lapsed -= points
        for lot, points in posted.excused:
            account.lots.setdefault(lot, Lot()).excused += points
        account.arrears[posted.point_type] = account.arrears.get(posted.point_type, 0) + changed - posted.points
        account.totals.setdefault(posted.point_type, Totals()).add(posted.counter_account, posted.points)
        account.version += posted.entries
    account.arrears = {point_type: points for point_type, points in account.arrears.items() if points}
    # What had matured by the last entry's date had been settled by then: what it repaid has entries of its own.
    for bucket in [lot for lot in account.lots if lot.available_on is not None and lot.available_on <= last.business_on]:
        account.lots.setdefault(bucket.matured(), Lot()).points += account.lots.pop(bucket).points
    for lot, points in held:  # may have been held of points that have matured since the last entry: settling brings those into the lot
        account.lots.setdefault(lot, Lot()).held += points
    account.settle(on)
