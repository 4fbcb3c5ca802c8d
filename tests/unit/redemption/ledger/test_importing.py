"""How points of another system are read, converted and given, and how the report of an import ties."""

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty_shared.kernel.money import Rounding
from loyalty_shared.kernel.points import POINTS_MAX
from redemption.domain.account import Account
from redemption.domain.entries import Totals
from redemption.domain.import_report import ImportSums, LineSums, decimal_text, reconcile
from redemption.domain.importing import Conversion, ImportFault, ImportFile, ImportLine, LineStatus, cause_of_import, give_imported, read_import_file
from redemption.domain.refusals import Refusal

ON = date(2026, 3, 1)
HALF = Conversion("0.5", Rounding.DOWN)
GOOD = "D,C1,1001,2027-12-31"


def file_of(*details: str, header: str = "H,1,001,OLD-1,2026-03-01", trailer: str | None = None) -> str:
    points = [int(detail.split(",")[2]) for detail in details if detail.count(",") >= 2 and detail.split(",")[2].lstrip("+-").isdecimal()]
    return "\n".join((header, *details, trailer or f"T,{len(details)},{sum(points)}")) + "\n"


def read(content: str, conversion: Conversion = HALF) -> ImportFile:
    file = read_import_file(content, "001", conversion, ON)
    assert isinstance(file, ImportFile), file
    return file


def test_a_file_is_read_and_converted_line_by_line() -> None:
    file = read(file_of(GOOD, "D,C1,3,", "D,C2,2,2026-03-01"))
    assert (file.file_no, file.made_on, file.old_points) == ("OLD-1", date(2026, 3, 1), 1006)
    assert file.lines == [
        ImportLine(2, "C1", 1001, date(2027, 12, 31), 500, LineStatus.WAITING),
        ImportLine(3, "C1", 3, None, 1, LineStatus.WAITING),
        ImportLine(4, "C2", 2, date(2026, 3, 1), 1, LineStatus.WAITING),
    ]


@pytest.mark.parametrize(
    ("ratio", "old_points", "by_rounding"),
    [
        ("0.5", 3, (1, 2, 2, 2)),
        ("0.5", 5, (2, 3, 2, 3)),
        ("0.333333", 3, (0, 1, 1, 1)),
        ("0.1", 4, (0, 0, 0, 1)),
        ("2", 7, (14, 14, 14, 14)),
        ("1.000001", POINTS_MAX, (9007208261940245, 9007208261940246, 9007208261940246, 9007208261940246)),
    ],
)
def test_the_rounding_is_what_is_stated(ratio: str, old_points: int, by_rounding: tuple[int, ...]) -> None:
    modes = (Rounding.DOWN, Rounding.HALF_UP, Rounding.HALF_EVEN, Rounding.UP)
    assert tuple(Conversion(ratio, mode).points_for(old_points) for mode in modes) == by_rounding


@pytest.mark.parametrize(
    ("detail", "fault"),
    [
        ("D,C2,5,,more", ImportFault.MALFORMED_LINE),
        ("D,C2,5", ImportFault.MALFORMED_LINE),
        ("X,C2,5,", ImportFault.MALFORMED_LINE),
        ("D", ImportFault.MALFORMED_LINE),
        ("D,,5,", ImportFault.INVALID_CUSTOMER_NO),
        ("D,C 2,5,", ImportFault.INVALID_CUSTOMER_NO),
        ("D,C2,0,", ImportFault.INVALID_POINTS),
        ("D,C2,-5,", ImportFault.INVALID_POINTS),
        ("D,C2,1.5,", ImportFault.INVALID_POINTS),
        ("D,C2,9007199254740992,", ImportFault.INVALID_POINTS),
        ("D,C2,5,2027-02-30", ImportFault.INVALID_EXPIRES_ON),
        ("D,C2,5,never", ImportFault.INVALID_EXPIRES_ON),
        ("D,C2,5,2026-02-28", ImportFault.EXPIRES_ON_PASSED),
        (GOOD.replace("1001", "5"), ImportFault.DUPLICATE_LINE),
        ("D,C2,1,", ImportFault.CONVERTS_TO_NOTHING),
    ],
)
def test_a_bad_line_is_set_aside_with_its_number_and_reason(detail: str, fault: ImportFault) -> None:
    file = read(file_of(GOOD, detail, "D,C3,10,"))
    assert [line.status for line in file.lines] == [LineStatus.WAITING, LineStatus.REJECTED, LineStatus.WAITING]
    bad = file.lines[1]
    assert (bad.line_no, bad.code, bad.new_points, bad.line) == (3, fault, 0, detail)
    assert bad.fault


def test_more_points_than_there_can_be_are_set_aside() -> None:
    (line,) = read(file_of(f"D,C2,{POINTS_MAX},"), Conversion("2", Rounding.DOWN)).lines
    assert (line.code, line.new_points) == (ImportFault.LIMIT_EXCEEDED, 0)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "at least one line"),
        (file_of(GOOD, header="H,1,002,OLD-1,2026-03-01"), "line 1: a file of entity '002'"),
        (file_of(GOOD, trailer="T,2,1001"), "line 3: the trailer states 2 lines, the lines come to 1"),
        (file_of(GOOD, trailer="T,1,1002"), "line 3: the trailer states 1002 old points, the lines come to 1001"),
        (file_of(GOOD, trailer="T,1"), "line 3: not a trailer: T,lines,old points"),
        (file_of(GOOD, "H,1,001,OLD-2,2026-03-01"), "line 3: a second header or trailer"),
        (file_of(GOOD.replace("C1", "C\x00")), "code 0"),
    ],
)
def test_a_file_that_cannot_be_taken_is_refused_as_a_whole(content: str, told: str) -> None:
    fault = read_import_file(content, "001", HALF, ON)
    assert isinstance(fault, str)
    assert told in fault


def test_what_a_line_comes_to_is_given_into_a_lot_of_its_own_last_date() -> None:
    account = Account(legal_entity="001", customer_no="C1", arrears={"base": 20})
    account.settle(ON)
    line = read(file_of(GOOD)).lines[0]
    cause = cause_of_import("old-cards", "I1", line.line_no)
    assert give_imported(account, line, "base", ("base",), cause) == 1
    (entry,) = account.entries
    assert (entry.points, entry.origin.kind, entry.debit_account, entry.origin.cause) == (500, "granted", "issued:bank", cause)
    assert [(lot.expires_on, state.points) for lot, state in account.lots.items()] == [(date(2027, 12, 31), 480)], "it repaid what was owed"
    assert (cause.kind, cause.source_system, cause.no) == ("import", "old-cards", "I1:2")


def test_a_line_that_cannot_be_given_says_why() -> None:
    account = Account(legal_entity="001", customer_no="C1", totals={"base": Totals(earned=POINTS_MAX - 499)})
    line = read(file_of(GOOD)).lines[0]
    cause = cause_of_import("old-cards", "I1", 2)
    assert give_imported(account, line, "base", ("base",), cause) is Refusal.LIMIT_EXCEEDED
    assert give_imported(account, line, "miles", ("base",), cause) is Refusal.POINT_TYPE_UNKNOWN
    assert not account.entries


SUMS = ImportSums(
    control=LineSums(4, 107), posted=LineSums(1, 3, 1), waiting=LineSums(2, 4, 2), rejected=LineSums(1, 100, 0), ledger_entries=1, ledger_points=1
)


def test_the_report_says_exactly_what_rounding_took() -> None:
    report = reconcile(HALF, SUMS)
    assert (report.converted_old_points, report.converted_exactly, report.converted_points, report.rounding_difference) == (7, "3.5", 3, "-0.5")
    assert report.breaks == ()


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        (replace(SUMS, control=LineSums(5, 107)), "lines"),
        (replace(SUMS, control=LineSums(4, 108)), "old-points"),
        (replace(SUMS, rejected=LineSums(1, 100, 1)), "rejected-points"),
        (replace(SUMS, waiting=LineSums(2, 4, 6)), "rounding"),
        (replace(SUMS, ledger_entries=2), "ledger-entries"),
        (replace(SUMS, ledger_points=2), "ledger-points"),
    ],
)
def test_what_does_not_tie_is_named(changed: ImportSums, name: str) -> None:
    assert reconcile(HALF, changed).breaks == (name,)


@given(
    points=st.lists(st.integers(1, POINTS_MAX), min_size=1, max_size=30),
    ratio=st.tuples(st.integers(0, 999_999), st.integers(0, 999_999)).map(lambda parts: f"{parts[0]}.{parts[1]:06d}").filter(lambda text: Fraction(text) > 0),
    rounding=st.sampled_from(Rounding),
)
def test_whatever_is_imported_the_report_ties(points: list[int], ratio: str, rounding: Rounding) -> None:
    conversion = Conversion(ratio, rounding)
    file = read(file_of(*(f"D,C{number},{each}," for number, each in enumerate(points))), conversion)
    by_status = {
        status: LineSums(len(lines), sum(line.old_points for line in lines), sum(line.new_points for line in lines))
        for status in LineStatus
        for lines in [[line for line in file.lines if line.status is status]]
    }
    waiting = by_status[LineStatus.WAITING]
    report = reconcile(
        conversion,
        ImportSums(
            control=LineSums(len(points), sum(points)),
            posted=LineSums(),
            waiting=waiting,
            rejected=by_status[LineStatus.REJECTED],
            ledger_entries=0,
            ledger_points=0,
        ),
    )
    assert report.breaks == ()
    assert Fraction(report.converted_exactly) + Fraction(report.rounding_difference) == report.converted_points
    assert rounding is not Rounding.DOWN or Fraction(report.rounding_difference) <= 0
    assert rounding is not Rounding.UP or Fraction(report.rounding_difference) >= 0


@pytest.mark.parametrize(("value", "text"), [(Fraction(0), "0"), (Fraction(-1, 2), "-0.5"), (Fraction(7), "7"), (Fraction(1_000_001, 1_000_000), "1.000001")])
def test_sums_are_written_as_decimal_numbers(value: Fraction, text: str) -> None:
    assert decimal_text(value) == text
