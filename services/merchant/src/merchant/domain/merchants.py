"""Merchants: who they are, on what terms, and their way from application to termination (requirements 2.1.3)."""

from datetime import date, datetime
from enum import StrEnum
from typing import Final, assert_never

from msgspec import Struct
from msgspec.structs import replace

from merchant.domain.refusals import Refusal


class MerchantType(StrEnum):
    """What a merchant does in the programme."""

    GIFT_SUPPLIER = "gift-supplier"
    POINTS_ACCEPTING = "points-accepting"
    ISSUING_PARTNER = "issuing-partner"


class MerchantStatus(StrEnum):
    """Where a merchant is on its way. Only an active one takes part; a terminated one never does again."""

    APPLIED = "applied"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    TERMINATED = "terminated"


class Step(StrEnum):
    """What can be done to a merchant's status."""

    APPROVE = "approve"
    SUSPEND = "suspend"
    RESUME = "resume"
    TERMINATE = "terminate"


class Ratio(Struct, frozen=True, kw_only=True):
    """What points are worth at the merchant: `points` for `amount_minor` of `currency`."""

    points: int
    amount_minor: int
    currency: str


class Contact(Struct, frozen=True, kw_only=True):
    """Whom to ask at the merchant."""

    name: str
    role: str | None = None
    phone: str | None = None
    email: str | None = None


class Profile(Struct, frozen=True, kw_only=True):
    """What the bank knows of a merchant and has agreed with it; None: not told.

    `mcc`: four digits; `settlement_cycle_days`: n of T+n; `fee_bps`: the merchant's fee in hundredths of a percent; the contract runs `contract_from`
    (included) to `contract_to` (not included; None: open).
    """

    names: dict[str, str]
    merchant_type: MerchantType
    mcc: str | None = None
    institution: str | None = None
    licence_no: str | None = None
    settlement_account: str | None = None
    settlement_cycle_days: int = 1
    fee_bps: int = 0
    ratio: Ratio | None = None
    contract_from: date | None = None
    contract_to: date | None = None
    contacts: tuple[Contact, ...] = ()


class Merchant(Struct, frozen=True, kw_only=True):
    """A merchant of a legal entity. `made_by` registered it and `checked_by` approved it; `version` counts its changes, from 1."""

    legal_entity: str
    merchant_no: str
    profile: Profile
    status: MerchantStatus
    version: int
    made_by: str
    registered_at: datetime
    changed_at: datetime
    checked_by: str | None = None
    reason: str | None = None


#: From which statuses a step can be taken, where it leads, and what it is refused with elsewhere.
_STEPS: Final = {
    Step.APPROVE: ((MerchantStatus.APPLIED,), MerchantStatus.ACTIVE, Refusal.MERCHANT_NOT_APPLIED),
    Step.SUSPEND: ((MerchantStatus.ACTIVE,), MerchantStatus.SUSPENDED, Refusal.MERCHANT_NOT_ACTIVE),
    Step.RESUME: ((MerchantStatus.SUSPENDED,), MerchantStatus.ACTIVE, Refusal.MERCHANT_NOT_SUSPENDED),
    Step.TERMINATE: (
        (MerchantStatus.APPLIED, MerchantStatus.ACTIVE, MerchantStatus.SUSPENDED),
        MerchantStatus.TERMINATED,
        Refusal.MERCHANT_TERMINATED,
    ),
}


def register(legal_entity: str, merchant_no: str, profile: Profile, *, by: str, at: datetime) -> Merchant:
    """Return a merchant that has applied and waits for a checker."""
    return Merchant(
        legal_entity=legal_entity,
        merchant_no=merchant_no,
        profile=profile,
        status=MerchantStatus.APPLIED,
        version=1,
        made_by=by,
        registered_at=at,
        changed_at=at,
    )


def decide_step(merchant: Merchant, step: Step, *, by: str, at: datetime, reason: str | None) -> Merchant | Refusal:
    """Return the merchant after a step in its life, taken by a credential, or why it cannot be taken."""
    if step is Step.APPROVE and merchant.made_by == by:
        return Refusal.MAKER_CANNOT_APPROVE
    if merchant.status is MerchantStatus.TERMINATED:
        return Refusal.MERCHANT_TERMINATED
    taken_from, status, refusal = _STEPS[step]
    if merchant.status not in taken_from:
        return refusal
    # A clock that was set back must not make a later change look like an earlier one to those who follow.
    changed = replace(merchant, status=status, version=merchant.version + 1, changed_at=max(at, merchant.changed_at), reason=reason)
    match step:
        case Step.APPROVE:
            return replace(changed, checked_by=by)
        case Step.SUSPEND | Step.RESUME | Step.TERMINATE:
            return changed
    assert_never(step)
