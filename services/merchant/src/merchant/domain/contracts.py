"""Contracts: the rates agreed with a merchant, each from one date to another, and in force only when a second person has approved them."""

from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from merchant.domain.merchants import Ratio
from merchant.domain.refusals import Refusal


class ContractStatus(StrEnum):
    """A contract is applied for by its maker and active once a checker has approved it."""

    APPLIED = "applied"
    ACTIVE = "active"


class Share(Struct, frozen=True, kw_only=True):
    """What part of a programme's points a party funds."""

    party: str
    percent: int


class Contract(Struct, frozen=True, kw_only=True):
    """Rates from `effective_from` (included) to `effective_to` (not included; None: open). `shares` add up to 100, or are none."""

    contract_no: str
    effective_from: date
    effective_to: date | None
    fee_bps: int
    ratio: Ratio | None
    shares: tuple[Share, ...]
    status: ContractStatus
    made_by: str
    changed_at: datetime
    checked_by: str | None = None

    def overlaps(self, other: "Contract") -> bool:
        """Tell whether some date is in both."""
        return self.effective_from < (other.effective_to or date.max) and other.effective_from < (self.effective_to or date.max)


def decide_approval(contract: Contract, active: Iterable[Contract], *, by: str, at: datetime) -> Contract | Refusal:
    """Return the contract in force, or why it is not: on any date a merchant has one rate only."""
    if contract.made_by == by:
        return Refusal.MAKER_CANNOT_APPROVE
    if contract.status is not ContractStatus.APPLIED:
        return Refusal.CONTRACT_NOT_APPLIED
    if any(contract.overlaps(other) for other in active):
        return Refusal.CONTRACT_OVERLAPS
    return replace(contract, status=ContractStatus.ACTIVE, checked_by=by, changed_at=at)
