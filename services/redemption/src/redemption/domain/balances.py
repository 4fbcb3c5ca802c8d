"""What an account shows: balances by point type and what expires next."""

from dataclasses import dataclass
from datetime import date

from redemption.domain.account import Account
from redemption.domain.lots import UNNAMED_PRIORITY


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """A customer's points of one type on a business date. earned - used - expired = available + held + frozen + pending - arrears."""

    point_type: str
    available: int
    held: int
    frozen: int
    pending: int
    arrears: int
    earned: int
    used: int
    expired: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Expiring:
    """Points that no hold has and whose last date of use is `expires_on`: available, or frozen (these lapse too)."""

    expires_on: date
    points: int


def balances_of(account: Account) -> list[Balance]:
    """Return the balances of a settled account, in the order of spending; types that never had a posting are left out."""
    frozen: dict[str, int] = {}
    for lot, points in account.frozen().items():
        frozen[lot.point_type] = frozen.get(lot.point_type, 0) + points
    return [_balance(account, point_type, frozen.get(point_type, 0)) for point_type in sorted(account.totals, key=lambda each: _rank(account, each))]


def expiring_of(account: Account) -> list[Expiring]:
    """Return the available and frozen points of a settled account that have a last date, earliest first."""
    points: dict[date, int] = {}
    for lot, state in account.lots.items():
        last_date = account.last_date(lot)
        if lot.available_on is None and last_date is not None and state.free:
            points[last_date] = points.get(last_date, 0) + state.free
    return [Expiring(expires_on=on, points=points[on]) for on in sorted(points)]


def _balance(account: Account, point_type: str, frozen: int) -> Balance:
    lots = [(lot, state) for lot, state in account.lots.items() if lot.point_type == point_type]
    totals = account.totals[point_type]
    return Balance(
        point_type=point_type,
        available=account.available((point_type,)),
        held=sum(state.held for _, state in lots),
        frozen=frozen,
        pending=sum(state.points for lot, state in lots if lot.available_on is not None),
        arrears=account.arrears.get(point_type, 0),
        earned=totals.earned,
        used=totals.used,
        expired=totals.expired,
    )


def _rank(account: Account, point_type: str) -> tuple[int, str]:
    return account.spending_order.get(point_type, UNNAMED_PRIORITY), point_type
