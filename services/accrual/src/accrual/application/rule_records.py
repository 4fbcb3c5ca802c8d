"""A version of a rule on its way from draft to stopped, and who did what to it."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any


class RuleStatus(StrEnum):
    """How far a version has come. Approved versions decide by date; `stopped` ones from their stop on no longer."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    REJECTED = "rejected"
    STOPPED = "stopped"


#: The statuses of versions that are members of rule sets: a stopped version still decides the dates before its stop.
IN_FORCE = (RuleStatus.APPROVED, RuleStatus.STOPPED)


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedRules:
    """Which versions a list shows; None: whatever it is. `rule_nos`: only those of these numbers."""

    code: str | None = None
    status: RuleStatus | None = None
    rule_nos: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleRecord:
    """One version of a rule. `document` is the rule as it was sent (contracts.md section 4); `made_by` and `checked_by` are credentials."""

    rule_no: int
    legal_entity: str
    code: str
    version: int
    document: dict[str, Any]
    status: RuleStatus
    made_by: str
    made_at: datetime
    checked_by: str | None = None
    checked_at: datetime | None = None
    stopped_on: date | None = None
