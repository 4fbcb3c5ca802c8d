"""Transfers: points that one customer gives another. Lots keep their type, expiry, party and institution."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final

from loyalty_shared.contracts.accrual import Cause
from redemption.domain.account import Account
from redemption.domain.entries import MOVED_EARNED, Kind, Origin
from redemption.domain.lapsed import OriginFor, give_back_lapsed
from redemption.domain.lots import LotPart, total
from redemption.domain.refusals import Refusal
from redemption.domain.spending import refusal_of_customer

#: The console's parameters (contracts.md section 3): whether customers may transfer at all, and {"per_transfer": points, "per_day": points}.
TRANSFERS_ALLOWED: Final = "transfers-allowed"
TRANSFER_LIMITS: Final = "transfer-limits"


class TransferStatus(StrEnum):
    """What has become of a transfer."""

    TRANSFERRED = "transferred"
    REVERSED = "reversed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """Points that went from one customer number to another on a business date; `lots`: those of the sender that they were in."""

    transfer_id: str
    from_customer_no: str
    to_customer_no: str
    points: int
    lots: tuple[LotPart, ...]
    business_on: date
    status: TransferStatus = TransferStatus.TRANSFERRED


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferRules:
    """What the console's parameters say of transfers on a business date. None: no such limit."""

    allowed: bool
    per_transfer: int | None
    per_day: int | None


def transfer_rules(allowed: Any, limits: Any) -> TransferRules:
    """Return the rules that the parameters' values state; None: never set. Anything but true does not allow transfers."""
    stated = limits if isinstance(limits, Mapping) else {}
    return TransferRules(allowed=allowed is True, per_transfer=stated.get("per_transfer"), per_day=stated.get("per_day"))


def decide_transfer(sender: Account, receiver: Account, points: int, rules: TransferRules, sent_today: int) -> tuple[LotPart, ...] | Refusal:
    """Return which of the sender's lots pay, in the order of spending, or why nothing is transferred.

    `sent_today`: what the sender has transferred on the business date. A receiver whose points are frozen still receives.
    """
    if sender is receiver:
        return Refusal.SAME_CUSTOMER
    if (refusal := refusal_of_customer(sender) or _refusal_of_receiver(receiver)) is not None:
        return refusal
    if rules.per_transfer is not None and points > rules.per_transfer:
        return Refusal.LIMIT_EXCEEDED
    if rules.per_day is not None and sent_today + points > rules.per_day:
        return Refusal.LIMIT_EXCEEDED
    parts = sender.pick(points)
    return parts if total(parts) == points else Refusal.INSUFFICIENT_POINTS


def _refusal_of_receiver(receiver: Account) -> Refusal | None:
    refusal = refusal_of_customer(receiver)
    return None if refusal is Refusal.ACCOUNT_FROZEN else refusal


def transfer_points(sender: Account, receiver: Account, transfer: Transfer, channel: str) -> None:
    """Move the points of a transfer. What the receiver owes of their types is repaid with them first."""
    origin = _origins("transfer", transfer.transfer_id, channel)(MOVED_EARNED)
    sender.hold(transfer.lots)
    sender.capture(transfer.lots, origin)
    receiver.give(transfer.lots, origin)


def reverse_transfer(sender: Account, receiver: Account, transfer: Transfer, reversal_id: str, channel: str) -> None:
    """Move the points of a transfer back: what the receiver has not got any more becomes arrears, what lapsed there has lapsed in the sender's account."""
    origin = _origins("channel-reversal", reversal_id, channel)
    back = []
    for lot, points in transfer.lots:
        left = points - give_back_lapsed(receiver, sender, LotPart(lot, points), {}, origin)
        if left:
            receiver.take_back(lot.point_type, left, lot, origin(MOVED_EARNED))
            back.append(LotPart(lot, left))
    sender.give(back, origin(MOVED_EARNED))


def _origins(cause_kind: str, no: str, channel: str) -> OriginFor:
    cause = Cause(kind=cause_kind, source_system=channel, no=no)
    return lambda counter_account: Origin(kind=Kind.TRANSFERRED, counter_account=counter_account, cause=cause, channel=channel)
