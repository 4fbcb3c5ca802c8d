"""Import of existing points: what a customer had in another system becomes points here, at a ratio and with a rounding that the import states.

The format of its files: README.md, "Import of existing points". Each line is converted by itself, so that each can be checked by itself.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import Final, NamedTuple

from loyalty_shared.contracts.accrual import Cause
from loyalty_shared.kernel.money import Rounding, divide_rounded
from loyalty_shared.kernel.points import POINTS_MAX
from redemption.domain.account import Account
from redemption.domain.controlled_file import CODE, WHOLE, FileFault, Record, check_is_line, check_totals, date_from, header_from, records_of
from redemption.domain.entries import Kind, Origin, issued
from redemption.domain.grants import GRANTING_INSTITUTION, GRANTING_PARTY, refusal_of_grant
from redemption.domain.lots import LotKey
from redemption.domain.refusals import Refusal

#: Decimal places of a ratio, and so of what it gives before it is rounded.
RATIO_PLACES: Final = 6
#: What the cause of an import's entries is called.
CAUSE_KIND: Final = "import"

_DETAIL_FIELDS: Final = 4


class ImportStatus(StrEnum):
    """What has become of an import. `trial`: it shows what would come of it and is never posted; `approved`: it is being posted."""

    TRIAL = "trial"
    PENDING = "pending"
    APPROVED = "approved"
    POSTED = "posted"
    REJECTED = "rejected"


class LineStatus(StrEnum):
    """What has become of a line. `waiting`: it is good and not posted, or not yet."""

    WAITING = "waiting"
    POSTED = "posted"
    REJECTED = "rejected"


class ImportFault(StrEnum):
    """Why a line is not taken when the file comes."""

    MALFORMED_LINE = "malformed-line"
    INVALID_CUSTOMER_NO = "invalid-customer-no"
    INVALID_POINTS = "invalid-points"
    INVALID_EXPIRES_ON = "invalid-expires-on"
    EXPIRES_ON_PASSED = "expires-on-passed"
    DUPLICATE_LINE = "duplicate-line"
    CONVERTS_TO_NOTHING = "converts-to-nothing"
    LIMIT_EXCEEDED = "limit-exceeded"


@dataclass(frozen=True, slots=True)
class Conversion:
    """How old points become points here. `ratio`: points here for one there, a decimal number above 0 as the maker wrote it."""

    ratio: str
    rounding: Rounding

    def points_for(self, old_points: int) -> int:
        """Return what these old points of one line become."""
        ratio = Fraction(self.ratio)
        return divide_rounded(old_points * ratio.numerator, ratio.denominator, self.rounding)

    def exactly(self, old_points: int) -> Fraction:
        """Return what these old points would become if points had fractions."""
        return old_points * Fraction(self.ratio)


class ImportLine(NamedTuple):
    """A line of the file. `old_points`: 0 where they are not a whole number; `new_points`: 0 where it is rejected; `line`: as it was sent, where it is bad.

    Once posted, `account_no` and `account_version` name its entry: the account is another's where the customer number was merged.
    """

    line_no: int
    customer_no: str
    old_points: int
    expires_on: date | None
    new_points: int
    status: LineStatus
    code: str | None = None
    fault: str | None = None
    line: str | None = None
    account_no: str | None = None
    account_version: int | None = None


@dataclass(slots=True, kw_only=True)
class ImportFile:
    """A file that was read: what identifies it, its lines, good and bad, and its control totals, which are those of its lines."""

    file_no: str
    made_on: date
    old_points: int = 0
    lines: list[ImportLine] = field(default_factory=list)


def read_import_file(content: str, legal_entity: str, conversion: Conversion, on: date) -> ImportFile | str:
    """Return the file with its lines converted, or, in words, why it cannot be taken as a whole. `on`: the business date, on which no point may have lapsed."""
    try:
        records = records_of(content)
        header = header_from(records[0], legal_entity)
        file = ImportFile(file_no=header.file_no, made_on=header.made_on)
        seen: set[tuple[str, str]] = set()
        for record in records[1:-1]:
            check_is_line(record)
            line = _line(record, conversion, on, seen)
            file.lines.append(line)
            file.old_points += line.old_points
        check_totals(records[-1], {"lines": len(file.lines), "old points": file.old_points})
    except FileFault as fault:
        return str(fault)
    return file


def _line(record: Record, conversion: Conversion, on: date, seen: set[tuple[str, str]]) -> ImportLine:
    stated = record.fields[2] if len(record.fields) > 2 and WHOLE.fullmatch(record.fields[2]) else "0"
    old_points = int(stated)
    fault = _fault_of(record, old_points, on, seen)
    new_points = conversion.points_for(old_points) if fault is None else 0
    if fault is None and new_points == 0:
        fault = ImportFault.CONVERTS_TO_NOTHING, f"at {conversion.ratio}, rounded {conversion.rounding}, it comes to no point"
    elif new_points > POINTS_MAX:
        fault = ImportFault.LIMIT_EXCEEDED, "it comes to more than 2^53-1 points"
    customer_no = record.fields[1] if len(record.fields) > 1 and CODE.fullmatch(record.fields[1]) else ""
    if fault is not None:
        return ImportLine(record.line_no, customer_no, old_points, None, 0, LineStatus.REJECTED, fault[0].value, fault[1], record.text)
    expires = record.fields[3]
    return ImportLine(record.line_no, customer_no, old_points, date_from(expires) if expires else None, new_points, LineStatus.WAITING)


def _fault_of(record: Record, old_points: int, on: date, seen: set[tuple[str, str]]) -> tuple[ImportFault, str] | None:
    if len(record.fields) != _DETAIL_FIELDS or record.fields[0] != "D":
        return ImportFault.MALFORMED_LINE, "not a line: D,customer,old points,last date or nothing"
    _, customer_no, _, expires = record.fields
    if not CODE.fullmatch(customer_no):
        return ImportFault.INVALID_CUSTOMER_NO, "not a customer's number"
    if not 1 <= old_points <= POINTS_MAX:
        return ImportFault.INVALID_POINTS, "old points are a whole number from 1 to 2^53-1"
    expires_on = date_from(expires) if expires else None
    if expires and expires_on is None:
        return ImportFault.INVALID_EXPIRES_ON, "the last date of use, YYYY-MM-DD, or nothing: they never expire"
    if expires_on is not None and expires_on < on:
        return ImportFault.EXPIRES_ON_PASSED, f"the last date of use was before the business date {on}"
    if (customer_no, expires) in seen:
        return ImportFault.DUPLICATE_LINE, "an earlier line has this customer and last date"
    seen.add((customer_no, expires))
    return None


def give_imported(account: Account, line: ImportLine, point_type: str, point_types: Collection[str], cause: Cause) -> int | Refusal:
    """Give a settled account what a line comes to, into a lot of its own last date, and return the version of its entry; or why not.

    The points are the bank's expense, as granted ones are.
    """
    if point_type not in point_types:
        return Refusal.POINT_TYPE_UNKNOWN
    if (refusal := refusal_of_grant(account, point_type, line.new_points)) is not None:
        return refusal
    version = account.version + 1
    lot = LotKey(point_type, None, line.expires_on, GRANTING_PARTY, GRANTING_INSTITUTION)
    account.credit(lot, line.new_points, Origin(kind=Kind.GRANTED, counter_account=issued(GRANTING_PARTY), cause=cause))
    return version


def cause_of_import(source: str, import_id: str, line_no: int) -> Cause:
    """Return the cause of the entry of an import's line; `source` is the system that the points were in."""
    return Cause(kind=CAUSE_KIND, source_system=source, no=f"{import_id}:{line_no}")
