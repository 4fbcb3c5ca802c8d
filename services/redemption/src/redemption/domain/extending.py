"""Extensions of expiry: staff let points lapse later than they would, for a customer, for an institution's points, or for all that have one last date."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from loyalty_shared.contracts.accrual import Cause
from redemption.domain.account import OWN_SOURCE, Account
from redemption.domain.entries import Kind, Origin, customers
from redemption.domain.lots import LotKey, LotPart


class ExtensionStatus(StrEnum):
    """What has become of an extension: approved ones are carried out, customer by customer, and then done."""

    PENDING = "pending"
    APPROVED = "approved"
    DONE = "done"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """Points of which the last date becomes `extend_to`: those that meet every one of `customer_no`, `institution`, `expires_on` that is stated, not None.

    `accounts` and `points`: what has been extended so far, the last of `done_before`.
    """

    extension_id: str
    customer_no: str | None
    institution: str | None
    expires_on: date | None
    extend_to: date
    reason: str
    asked_by: str
    asked_at: datetime
    status: ExtensionStatus = ExtensionStatus.PENDING
    decided_by: str | None = None
    decided_at: datetime | None = None
    done_before: str = ""
    accounts: int = 0
    points: int = 0

    def extends(self, lot: LotKey) -> bool:
        """Tell whether it is for the points of this lot: they have a last date of their own, and it is before the new one."""
        return (
            lot.expires_on is not None
            and lot.expires_on < self.extend_to
            and self.expires_on in (None, lot.expires_on)
            and self.institution in (None, lot.institution)
        )


def extend(account: Account, extension: Extension) -> int:
    """Move the points that an extension is for into lots of the new date, and return how many.

    Each lot's move is an entry of 0 points. What a hold has stays, and lapses by its old date when it is released; lapsed points are not brought back.
    """
    cause = Cause(kind="expiry-extension", source_system=OWN_SOURCE, no=extension.extension_id)
    moved = 0
    for lot in sorted((lot for lot, state in account.lots.items() if state.free and extension.extends(lot)), key=lambda lot: (lot.point_type, repr(lot))):
        points = account.lots[lot].free
        later = lot._replace(expires_on=extension.extend_to)
        origin = Origin(kind=Kind.EXTENDED, counter_account=customers(lot.point_type), cause=cause)
        account.shift(lot.point_type, 0, origin, (LotPart(lot, -points), LotPart(later, points)))
        moved += points
    return moved
