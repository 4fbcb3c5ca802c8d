"""Entries: the ledger itself. Append-only, integer, double entry; corrections are new entries (requirements 2.1.4)."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from loyalty_shared.contracts.accrual import Cause
from redemption.domain.lots import LotPart


class Kind(StrEnum):
    """What an entry did, as the customer's statement names it.

    `repaid` is of 0 points: points that became available later (matured, released) went to arrears, so only lots and arrears changed.
    `written-off` is of the arrears that the bank gave up: the sum of postings rises, and no lot changes.
    `extended` is of 0 points: they moved into a lot that lapses later.
    `transferred` moves points between two customers, or between two numbers of one (a merge): each has its side.
    """

    EARNED = "earned"
    CLAWED_BACK = "clawed-back"
    GRANTED = "granted"
    ADJUSTED = "adjusted"
    REDEEMED = "redeemed"
    RESTORED = "restored"
    REVERSED = "reversed"
    EXPIRED = "expired"
    REPAID = "repaid"
    WRITTEN_OFF = "written-off"
    TRANSFERRED = "transferred"
    EXTENDED = "extended"


#: What the customer does, or earns by doing; it keeps sliding points. Claw-backs, givings-back, corrections, expiry and freezes do not.
ACTIVITIES: Final = frozenset((Kind.EARNED, Kind.GRANTED, Kind.REDEEMED))

#: What the ledger does by itself, whichever number of the customer it is about.
OWN_KINDS: Final = frozenset((Kind.EXPIRED, Kind.REPAID))

#: The other side of every customer posting is a system account. These families are all there are, and a customer's totals follow from them.
ISSUED_PREFIX: Final = "issued:"
REDEEMED_PREFIX: Final = "redeemed:"
EXPIRED: Final = "expired"
#: Between accounts, by the total that moves: what one customer's side takes from these the other's gives them, so that each is 0 over all customers.
MOVED_EARNED: Final = "moved:earned"
MOVED_USED: Final = "moved:used"
MOVED_EXPIRED: Final = "moved:expired"


def issued(party: str) -> str:
    """Return the system account of the points that a party pays for."""
    return ISSUED_PREFIX + party


def redeemed(application: str) -> str:
    """Return the system account of the points that went into an application."""
    return REDEEMED_PREFIX + application


def customers(point_type: str) -> str:
    """Return the control account of all customers' points of a type."""
    return "customer:" + point_type


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Why points move, and against which system account (`issued(...)`, `redeemed(...)` or EXPIRED). Copied onto every entry it leads to.

    `occurred_on`: when the customer did what it tells of, None: on the business date.
    """

    kind: Kind
    counter_account: str
    cause: Cause
    rule_code: str | None = None
    application: str | None = None
    channel: str | None = None
    institution: str | None = None
    occurred_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One posting on one customer's account. `points` is signed, the customer's view; `lots` what it put into lots (positive) or took (negative).

    Arrears are the difference: an entry changes them by the sum of its lots less its points.
    `balance_after` is the net of all postings of this point type. `excused` are the lapsed points that a claw-back met and left alone; `active_on` is the
    account's last activity, where its sliding points go by it. `came_by`: the customer number that came in, None: the account's own.
    """

    account_version: int
    points: int
    point_type: str
    lots: tuple[LotPart, ...]
    balance_after: int
    origin: Origin
    excused: tuple[LotPart, ...] = ()
    active_on: date | None = None
    came_by: str | None = None

    @property
    def debit_account(self) -> str:
        """The account that the amount leaves: an issuer's when points are given, the customers' when they are taken."""
        return self.origin.counter_account if self.points > 0 else customers(self.point_type)

    @property
    def credit_account(self) -> str:
        """The account that the amount reaches."""
        return customers(self.point_type) if self.points > 0 else self.origin.counter_account


@dataclass(slots=True)
class Totals:
    """Net sums of a customer's postings of one type, by the family of the other side: what was given, used and has lapsed.

    `earned` is less what was taken back, `used` less what was restored, so that earned - used - expired is the net of all postings.
    """

    earned: int = 0
    used: int = 0
    expired: int = 0

    @property
    def net(self) -> int:
        return self.earned - self.used - self.expired

    def add(self, counter_account: str, points: int) -> None:
        """Count a posting of signed `points` against a system account."""
        if counter_account.startswith(ISSUED_PREFIX) or counter_account == MOVED_EARNED:
            self.earned += points
        elif counter_account.startswith(REDEEMED_PREFIX) or counter_account == MOVED_USED:
            self.used -= points
        else:
            self.expired -= points
