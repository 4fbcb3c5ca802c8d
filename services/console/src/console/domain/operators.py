"""Operators: people who sign in. What failed sign-ins come to, and which passwords are accepted."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from console.domain.refusals import Refusal

#: So many wrong passwords in a row lock the operator (requirements 2.1.1).
FAILURES_MAX: Final = 5
SESSION_LASTS: Final = timedelta(hours=8)
PASSWORD_LENGTH_MIN: Final = 12
PASSWORD_LENGTH_MAX: Final = 128
#: A new password is none of the last so many.
PASSWORDS_REMEMBERED: Final = 5


class OperatorStatus(StrEnum):
    ACTIVE = "active"
    LOCKED = "locked"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """A person who may sign in. `operator`, the code, is unique on the installation; `password_hashes`: the present one first, then those before it."""

    operator: str
    legal_entity: str
    institution: str
    name: str
    roles: tuple[str, ...]
    password_hashes: tuple[str, ...]
    status: OperatorStatus
    failed_sign_ins: int
    last_signed_in_at: datetime | None
    created_at: datetime

    @property
    def credential(self) -> str:
        """The name by which every service knows the operator, whatever the session."""
        return f"operator:{self.operator}"


def decide_sign_in(operator: Operator, *, password_fits: bool, now: datetime) -> tuple[Operator, Refusal | None]:
    """Return the operator as an attempt leaves them, and why they are not let in, or None. A locked one is told so whether the password fits or not."""
    if operator.status is OperatorStatus.LOCKED:
        return operator, Refusal.SESSION_LOCKED
    if operator.status is OperatorStatus.DISABLED:
        return operator, Refusal.SESSION_REFUSED
    if password_fits:
        return replace(operator, failed_sign_ins=0, last_signed_in_at=now), None
    failures = operator.failed_sign_ins + 1
    status = OperatorStatus.LOCKED if failures >= FAILURES_MAX else operator.status
    return replace(operator, failed_sign_ins=failures, status=status), Refusal.SESSION_REFUSED


def password_faults(password: str, operator: str) -> list[str]:
    """Return why a password is not accepted, in words, as far as it can be told without knowing those before it."""
    faults = []
    if not PASSWORD_LENGTH_MIN <= len(password) <= PASSWORD_LENGTH_MAX:
        faults.append(f"must have {PASSWORD_LENGTH_MIN} to {PASSWORD_LENGTH_MAX} characters")
    if operator.casefold() in password.casefold():
        faults.append("must not hold the operator's code")
    if len(set(password)) < PASSWORD_LENGTH_MIN // 2:
        faults.append("repeats too few characters")
    return faults


def with_password(operator: Operator, password_hash: str) -> Operator:
    """Return the operator with a new password: failures are forgotten, and a lock is lifted."""
    status = OperatorStatus.ACTIVE if operator.status is OperatorStatus.LOCKED else operator.status
    hashes: Sequence[str] = (password_hash, *operator.password_hashes)[:PASSWORDS_REMEMBERED]
    return replace(operator, password_hashes=tuple(hashes), failed_sign_ins=0, status=status)


class Change(StrEnum):
    """What an administrator does to an operator's standing."""

    DISABLE = "disable"
    ENABLE = "enable"
    LOCK = "lock"
    UNLOCK = "unlock"


def decide_change(operator: Operator, change: Change, *, by: str) -> Operator | Refusal:
    """Return the operator after the change, or why it is not made. What is so already stays so."""
    if by == operator.credential and change in (Change.DISABLE, Change.LOCK):
        return Refusal.OWN_OPERATOR
    match change:
        case Change.DISABLE:
            return replace(operator, status=OperatorStatus.DISABLED)
        case Change.ENABLE:
            return operator if operator.status is not OperatorStatus.DISABLED else replace(operator, status=OperatorStatus.ACTIVE, failed_sign_ins=0)
        case Change.LOCK | Change.UNLOCK if operator.status is OperatorStatus.DISABLED:
            return Refusal.OPERATOR_DISABLED
        case Change.LOCK:
            return replace(operator, status=OperatorStatus.LOCKED)
        case Change.UNLOCK:
            return replace(operator, status=OperatorStatus.ACTIVE, failed_sign_ins=0)
