"""An account as it was, from its entries alone: for `as_of`, and to prove that what is kept is what was posted."""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from redemption.domain.account import Account
from redemption.domain.entries import Totals
from redemption.domain.lots import Lot, LotPart


class PostedEntry(NamedTuple):
    """What of a stored entry changes an account. `counter_account`: the system account on its other side."""

    business_on: date
    point_type: str
    points: int
    lots: tuple[LotPart, ...]
    counter_account: str


def rebuild(account: Account, entries: Iterable[PostedEntry], held: Iterable[LotPart], on: date) -> None:
    """Bring an empty account to what its entries, in order of version, and the holds alive have made of it on a business date."""
    for entry in entries:
        _merge_matured(account, entry.business_on)
        for lot, points in entry.lots:
            account.lots.setdefault(lot, Lot()).points += points
        arrears = account.arrears.get(entry.point_type, 0) + sum(part.points for part in entry.lots) - entry.points
        if arrears:
            account.arrears[entry.point_type] = arrears
        else:
            account.arrears.pop(entry.point_type, None)
        account.totals.setdefault(entry.point_type, Totals()).add(entry.counter_account, entry.points)
        account.version += 1
    for lot, points in held:  # may have been held of points that have matured since the last entry: settling brings those into the lot
        account.lots.setdefault(lot, Lot()).held += points
    account.settle(on)


def _merge_matured(account: Account, on: date) -> None:
    """Move due buckets into their lots. What they repaid has entries of its own, posted when the account was settled."""
    for lot in [lot for lot in account.lots if lot.available_on is not None and lot.available_on <= on]:
        account.lots.setdefault(lot.matured(), Lot()).points += account.lots.pop(lot).points
