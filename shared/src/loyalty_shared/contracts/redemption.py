"""What the points ledger publishes: every entry, and the close of each day (contracts.md section 2)."""

from datetime import date, datetime

from msgspec import Struct

from loyalty_shared.contracts.accrual import Cause


class EntryLot(Struct, gc=False, frozen=True, kw_only=True):
    """What an entry put into a lot (positive) or took from it (negative).

    `sliding_months` not 0: `expires_on` is null, and the last date of use is so many months after the `active_on` of the customer's latest entry.
    """

    lot_id: str
    points: int
    available_on: date | None
    expires_on: date | None
    party: str
    institution: str
    sliding_months: int = 0


class EntryPostedV1(Struct, gc=False, frozen=True, kw_only=True):
    """One entry of the points ledger. `points` is signed, the customer's view; `balance_after` is of this point type.

    `kind`: earned, clawed-back, granted, adjusted, redeemed, restored, reversed, expired, transferred, repaid, written-off, extended.
    `excused` is left out where it is empty: the lapsed points that a claw-back met and left alone; so is `active_on`, the customer's last activity, where no
    sliding points go by it, and `came_by`, the customer number that came in, where it is `customer_no` itself and was not merged into it.
    """

    entry_id: str
    legal_entity: str
    customer_no: str
    account_version: int
    kind: str
    points: int
    point_type: str
    lots: tuple[EntryLot, ...]
    cause: Cause
    rule_code: str | None
    application: str | None
    channel: str | None
    institution: str | None
    business_on: date
    balance_after: int
    debit_account: str
    credit_account: str
    posted_at: datetime
    excused: tuple[EntryLot, ...] = ()
    active_on: date | None = None
    came_by: str | None = None


class DayClosedV1(Struct, gc=False, frozen=True, kw_only=True):
    """A business date that gets no more postings, with this partition's counts and points by kind."""

    legal_entity: str
    business_on: date
    partition: int
    entries: int
    points_by_kind: dict[str, int]


class CustomerMergedV1(Struct, gc=False, frozen=True, kw_only=True):
    """From now on `into_customer_no` answers for both numbers."""

    merge_id: str
    legal_entity: str
    from_customer_no: str
    into_customer_no: str


class CustomerMergeUndoneV1(CustomerMergedV1, frozen=True, kw_only=True, gc=False):
    """The merge of that id no longer holds."""


class NoticeRaisedV1(Struct, gc=False, frozen=True, kw_only=True):
    """Something that a customer should be told. `kind` points-expiring: `points` of the customer's lapse after `expires_on`, as of `raised_on`.

    Raised once for each customer and last date. Points that a hold has are left out.
    """

    legal_entity: str
    customer_no: str
    kind: str
    points: int
    expires_on: date
    raised_on: date


LEDGER = {"loyalty.redemption.entry.posted.v1": EntryPostedV1, "loyalty.redemption.day.closed.v1": DayClosedV1}
SPENDS = {"loyalty.redemption.entry.posted.v1": EntryPostedV1}
CUSTOMERS = {"loyalty.redemption.customer.merged.v1": CustomerMergedV1, "loyalty.redemption.customer.merge_undone.v1": CustomerMergeUndoneV1}
NOTICES = {"loyalty.redemption.notice.raised.v1": NoticeRaisedV1}
