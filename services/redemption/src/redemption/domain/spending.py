"""Spending: what an application asks of it, and how what was spent is given back (void, refunds, reversal)."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from loyalty_shared.contracts.accrual import Cause
from redemption.domain.account import Account
from redemption.domain.applications import NOT_ASKED, NOTHING_SPENT, Application, CustomerFacts, Spent, is_eligible, is_open_for, refusal_of_points
from redemption.domain.entries import Kind, Origin, redeemed
from redemption.domain.lots import LotPart, last_taken, total
from redemption.domain.refusals import Refusal


def decide_spending(
    account: Account,
    application: Application | None,
    points: int,
    point_types: Collection[str] | None,
    channel: str | None = None,
    facts: CustomerFacts = NOT_ASKED,
    spent: Spent = NOTHING_SPENT,
) -> tuple[LotPart, ...] | Refusal:
    """Return which lots of a settled account pay `points`, in the order of spending, or why they are not spent. `point_types` None: of every type.

    `facts` and `spent` are asked for only by applications whose terms say so.
    """
    if (refusal := refusal_of_customer(account)) is not None:
        return refusal
    if application is None or not is_open_for(application, channel, account.business_on):
        return Refusal.APPLICATION_NOT_OPEN
    eligible = application.terms.eligible
    if eligible is not None and not is_eligible(eligible, account.numbers, facts):
        return Refusal.CUSTOMER_NOT_ELIGIBLE
    if (refusal := refusal_of_points(application, points, spent)) is not None:
        return refusal
    parts = account.pick(points, point_types)
    return parts if total(parts) == points else Refusal.INSUFFICIENT_POINTS


def refusal_of_customer(account: Account) -> Refusal | None:
    """Return why nothing at all is spent from the account."""
    match account.customer_status:
        case "blacklisted":
            return Refusal.CUSTOMER_BLACKLISTED
        case "closed":
            return Refusal.ACCOUNT_CLOSED
        case _:
            return Refusal.ACCOUNT_FROZEN if account.is_frozen else None


def refusal_of_merchant(status: str | None) -> Refusal | None:
    """Return why points cannot be spent at a merchant of this status; None of the status: no such merchant is known. Only an active one takes points."""
    if status is None:
        return Refusal.MERCHANT_UNKNOWN
    return None if status == "active" else Refusal.MERCHANT_NOT_ACTIVE


class RedemptionStatus(StrEnum):
    """What has become of a redemption as a whole; refunds are told by `refunded`."""

    REDEEMED = "redeemed"
    VOID = "void"
    REVERSED = "reversed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Redemption:
    """Points spent. `taken` are the lots in the order they were taken, each once; `left` what of each has not been given back, in the same order.

    `merchant_no`: where, when the channel said so. `counted_on`: the business date whose limits it counts in, that of its hold.
    `spent_by`: the pool member who spent them, None: whose points they are.
    """

    redemption_id: str
    customer_no: str
    points: int
    application: str
    business_on: date
    taken: tuple[LotPart, ...]
    left: tuple[LotPart, ...]
    status: RedemptionStatus = RedemptionStatus.REDEEMED
    merchant_no: str | None = None
    counted_on: date | None = None
    spent_by: str | None = None

    @property
    def points_left(self) -> int:
        """Points that have not been given back."""
        return total(self.left)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """One refund of a redemption, and what it restored, last taken first."""

    refund_id: str
    redemption_id: str
    points: int
    restored: tuple[LotPart, ...]


@dataclass(frozen=True, slots=True)
class GivenBack:
    """What a giving back restores, last taken first, and the redemption after it."""

    restored: tuple[LotPart, ...]
    redemption: Redemption


def decide_refund(redemption: Redemption, points: int) -> GivenBack | Refusal:
    """Return what a refund of `points` restores, or why it is refused: nothing is left of a redemption that was voided or reversed."""
    if points > redemption.points_left:
        return Refusal.REFUND_EXCEEDS_ORIGINAL
    return _give_back(redemption, points, redemption.status)


def decide_void(redemption: Redemption, business_on: date) -> GivenBack | Refusal:
    """Return what a void restores: the whole, on the business date it was made."""
    if redemption.status is not RedemptionStatus.REDEEMED:
        return Refusal.ALREADY_VOID
    if redemption.points_left < redemption.points:
        return Refusal.ALREADY_REFUNDED
    if business_on != redemption.business_on:
        return Refusal.BUSINESS_DATE_PASSED
    return _give_back(redemption, redemption.points, RedemptionStatus.VOID)


def reverse_redemption(redemption: Redemption) -> GivenBack:
    """Return what a reversal restores: all that has not been given back, on any date."""
    return _give_back(redemption, redemption.points_left, RedemptionStatus.REVERSED)


def _give_back(redemption: Redemption, points: int, status: RedemptionStatus) -> GivenBack:
    restored = last_taken(redemption.left, points)
    given = dict(restored)
    left = tuple(LotPart(lot, kept - given.get(lot, 0)) for lot, kept in redemption.left)
    return GivenBack(restored, replace(redemption, left=left, status=status))


def spend_again(redemption: Redemption, parts: Iterable[LotPart]) -> Redemption:
    """Return the redemption after what a refund of it had restored was taken from the customer again."""
    again = dict(parts)
    return replace(redemption, left=tuple(LotPart(lot, kept + again.get(lot, 0)) for lot, kept in redemption.left))


def origin_of_redemption(redemption: Redemption, channel: str) -> Origin:
    """Return why a redemption's points are taken."""
    return _origin(Kind.REDEEMED, "redemption", redemption.redemption_id, redemption, channel)


def origin_of_void(redemption: Redemption, channel: str) -> Origin:
    """Return why a voided redemption's points are given back."""
    return _origin(Kind.RESTORED, "redemption-void", redemption.redemption_id, redemption, channel)


def origin_of_refund(redemption: Redemption, refund: Refund, channel: str) -> Origin:
    """Return why a refund's points are given back."""
    return _origin(Kind.RESTORED, "redemption-refund", refund.refund_id, redemption, channel)


def origin_of_reversal(redemption: Redemption, reversal_id: str, channel: str) -> Origin:
    """Return why a reversal gives a redemption's points back, or takes those of its refund again."""
    return _origin(Kind.REVERSED, "channel-reversal", reversal_id, redemption, channel)


def _origin(kind: Kind, cause_kind: str, no: str, redemption: Redemption, channel: str) -> Origin:
    # Of the causes that the ledger's own calls add, the source is the channel and the number the handle that the call was answered with.
    cause = Cause(kind=cause_kind, source_system=channel, no=no)
    return Origin(kind=kind, counter_account=redeemed(redemption.application), cause=cause, application=redemption.application, channel=channel)
