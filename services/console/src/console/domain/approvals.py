"""Maker-checker: what one asks for another decides on."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from console.domain.refusals import Refusal


class Kind(StrEnum):
    """What an approval is about."""

    PARAMETER = "parameter"


class ApprovalStatus(StrEnum):
    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A request with its difference. `subject`: what it is about, such as `cost-per-point/3`; `made_by`, `decided_by`: credentials."""

    legal_entity: str
    approval_id: str
    kind: Kind
    subject: str
    before: Any
    after: Any
    reason: str | None
    status: ApprovalStatus
    made_by: str
    made_at: datetime
    decided_by: str | None = None
    decided_at: datetime | None = None
    remark: str | None = None


def refusal_of_decision(approval: Approval, *, by: str, functions: Collection[str]) -> Refusal | None:
    """Return why this caller may not decide on it, or None. The maker never may, whatever their functions."""
    if by == approval.made_by:
        return Refusal.MAKER_CANNOT_APPROVE
    if "checker" not in functions:
        return Refusal.FUNCTION_NOT_GRANTED
    if approval.status is not ApprovalStatus.PENDING:
        return Refusal.ALREADY_DECIDED
    return None
