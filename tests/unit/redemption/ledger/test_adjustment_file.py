"""How files of adjustments are read: good lines, bad lines with their number and reason, and files that cannot be taken at all."""

from datetime import date

import pytest

from redemption.domain.adjustment_file import TOTAL_MAX, AdjustmentFile, FileLine, Limits, LineFault, read_adjustment_file

LIMITS = Limits({"base", "bonus"}, 1_000)
GOOD = "D,1,C1,100,base,2027-12-31,goodwill"


def file_of(*details: str, header: str = "H,1,001,ADJ-1,2026-03-01", trailer: str | None = None) -> str:
    points = [int(detail.split(",")[3]) for detail in details if detail.count(",") >= 3 and detail.split(",")[3].lstrip("+-").isdecimal()]
    totals = f"T,{len(details)},{sum(each for each in points if each > 0)},{-sum(each for each in points if each < 0)}"
    return "\n".join((header, *details, totals if trailer is None else trailer)) + "\n"


def read(content: str) -> AdjustmentFile:
    file = read_adjustment_file(content, "001", LIMITS)
    assert isinstance(file, AdjustmentFile), file
    return file


def test_a_file_is_read_line_by_line() -> None:
    file = read(file_of(GOOD, 'D,2,C2,-50,bonus,,"credited twice, by mistake"'))
    assert (file.file_no, file.made_on, file.rejected) == ("ADJ-1", date(2026, 3, 1), [])
    assert file.lines == [
        FileLine(2, "C1", 100, "base", date(2027, 12, 31), "goodwill"),
        FileLine(3, "C2", -50, "bonus", None, "credited twice, by mistake"),
    ]


@pytest.mark.parametrize("written", ["\ufeff{}", "{}\n\n", "{}\r\n"])
def test_spreadsheets_ways_of_writing_are_read(written: str) -> None:
    content = file_of(GOOD)
    content = content.replace("\n", "\r\n") if "\r" in written else content
    assert read(written.format(content)).lines == [FileLine(2, "C1", 100, "base", date(2027, 12, 31), "goodwill")]


@pytest.mark.parametrize(
    ("detail", "fault"),
    [
        ("D,2,C2,5,base,,reason,more", LineFault.MALFORMED_LINE),
        ("D,2,C2,5,base", LineFault.MALFORMED_LINE),
        ("X,2,C2,5,base,,reason", LineFault.MALFORMED_LINE),
        ("D,,C2,5,base,,reason", LineFault.MALFORMED_LINE),
        ("D,1,C2,5,base,,reason", LineFault.DUPLICATE_LINE),
        ("D,2,,5,base,,reason", LineFault.INVALID_CUSTOMER_NO),
        ("D,2,C 2,5,base,,reason", LineFault.INVALID_CUSTOMER_NO),
        ("D,2,C2,0,base,,reason", LineFault.INVALID_POINTS),
        ("D,2,C2,1.5,base,,reason", LineFault.INVALID_POINTS),
        ("D,2,C2,,base,,reason", LineFault.INVALID_POINTS),
        ("D,2,C2,9007199254740992,base,,reason", LineFault.INVALID_POINTS),
        ("D,2,C2,1001,base,,reason", LineFault.LIMIT_EXCEEDED),
        ("D,2,C2,-1001,base,,reason", LineFault.LIMIT_EXCEEDED),
        ("D,2,C2,5,miles,,reason", LineFault.POINT_TYPE_UNKNOWN),
        ("D,2,C2,5,base,2027-02-30,reason", LineFault.INVALID_EXPIRES_ON),
        ("D,2,C2,5,base,20270228,reason", LineFault.INVALID_EXPIRES_ON),
        ("D,2,C2,-5,base,2027-02-28,reason", LineFault.INVALID_EXPIRES_ON),
        ("D,2,C2,5,base,, ", LineFault.INVALID_REASON),
        ("D,2,C2,5,base,," + "x" * 501, LineFault.INVALID_REASON),
    ],
)
def test_a_bad_line_is_set_aside_with_its_number_and_reason(detail: str, fault: LineFault) -> None:
    file = read(file_of(GOOD, detail, GOOD.replace("D,1", "D,3")))
    assert [line.line_no for line in file.lines] == [2, 4]
    (rejected,) = file.rejected
    assert (rejected.line_no, rejected.code) == (3, fault)
    assert rejected.fault
    assert rejected.line == detail.strip()[:500]


def test_a_line_after_a_quoted_line_break_has_its_own_number() -> None:
    content = file_of(GOOD).replace("goodwill", '"good\nwill"').replace("T,1,100,0", "D,2,C2,0,base,,reason\nT,2,100,0")
    file = read(content)
    assert ([line.line_no for line in file.lines], [line.line_no for line in file.rejected]) == ([2], [4])


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "at least one line"),
        ("H,1,001,ADJ-1,2026-03-01\nT,0,0,0\n", "at least one line"),
        (file_of(GOOD, header="H,2,001,ADJ-1,2026-03-01"), "line 1: format '2'"),
        (file_of(GOOD, header="H,1,002,ADJ-1,2026-03-01"), "line 1: a file of entity '002'"),
        (file_of(GOOD, header="H,1,001,ADJ-1,2026-02-30"), "line 1: the file number or the date"),
        (file_of(GOOD, header="H,1,001,,2026-03-01"), "line 1: the file number or the date"),
        (file_of(GOOD, header=GOOD), "line 1: not a header"),
        (file_of(GOOD, trailer=GOOD.replace("D,1", "D,2")), "line 3: not a trailer"),
        (file_of(GOOD, trailer="T,2,100,0"), "line 3: the trailer states 2 lines, the lines come to 1"),
        (file_of(GOOD, trailer="T,1,101,0"), "line 3: the trailer states 101 points given, the lines come to 100"),
        (file_of(GOOD, trailer="T,1,100,1"), "line 3: the trailer states 1 points taken, the lines come to 0"),
        (file_of(GOOD, "T,1,100,0"), "line 3: a second header or trailer"),
    ],
)
def test_a_file_that_cannot_be_taken_is_refused_as_a_whole_with_the_line(content: str, told: str) -> None:
    fault = read_adjustment_file(content, "001", LIMITS)
    assert isinstance(fault, str)
    assert told in fault


def test_a_field_beyond_all_measure_is_a_fault_and_no_crash() -> None:
    assert isinstance(read_adjustment_file(file_of(GOOD.replace("goodwill", '"' + "x" * 200_000)), "001", LIMITS), str)


def test_a_file_whose_points_come_to_more_than_a_total_is_kept_in_is_refused() -> None:
    most = 10**16 - 1
    lines = TOTAL_MAX // most + 1
    assert len(read(file_of(*[f"D,{no},C1,{most},base,,reason" for no in range(lines - 1)])).rejected) == lines - 1
    fault = read_adjustment_file(file_of(*[f"D,{no},C1,{most},base,,reason" for no in range(lines)]), "001", LIMITS)
    assert isinstance(fault, str)
    assert "divide them" in fault
