"""Reports over HTTP: what they show, in each form, and why one is not given."""

import csv
import io
import zipfile
from datetime import date

import pytest

from integration.reporting.conftest import Reader
from loyalty_shared.contracts.console import InstitutionChangedV1
from loyalty_shared.kernel.clock import SystemClock
from reporting.adapters.institutions import keep_institution
from reporting.adapters.mart_queries import read_mart
from reporting.application import show_report
from reporting.application.make_reports import MakeReports
from reporting.application.show_report import Refused
from reporting.domain.refusals import Refusal
from support.mart import MARCH_1, MARCH_2, MARCH_3, Mart, entry_of, lot_of

DAY_1 = "from=2026-03-01&to=2026-03-02"
DAY_2 = "from=2026-03-02&to=2026-03-03"


@pytest.fixture
def closed(mart: Mart) -> Mart:
    """Return a mart with the first two days of March closed and an entry on the third."""
    mart.post(
        entry_of(points=100, rule_code="debit-base", channel="POS"),
        entry_of(points=40, rule_code="debit-base", channel="MOBILE", institution="450200"),
        entry_of("granted", 9, channel="MOBILE", counter="issued:mall", institution=None, lots=[lot_of(9)]),
        entry_of("clawed-back", -20, rule_code="debit-base", channel="POS", lots=[lot_of(-5)]),
        entry_of("earned", 7, legal_entity="002"),
    )
    mart.close(MARCH_1)
    mart.post(
        entry_of("redeemed", -30, counter="redeemed:mall", application="mall", channel="MOBILE", business_on=MARCH_2,
                 lots=[lot_of(-20), lot_of(-10, "450200")]),
        entry_of("restored", 10, counter="redeemed:mall", application="mall", channel="MOBILE", business_on=MARCH_2, lots=[lot_of(10, "450200")],
                 institution=None),
        entry_of("expired", -6, counter="expired", business_on=MARCH_2),
        partition=2,
    )  # fmt: skip
    mart.close(MARCH_2)
    mart.post(entry_of(points=1, business_on=MARCH_3))
    for institution, parent in (("450000", None), ("450100", "450000"), ("450110", "450100"), ("450200", "450000")):
        with mart.database.transaction() as cursor:
            keep_institution(cursor, InstitutionChangedV1(legal_entity="001", institution=institution, parent=parent, names={}, level="branch", status="open"))
    return mart


def test_the_list_tells_names_parameters_and_formats(reader: Reader) -> None:
    items = {item["code"]: item for item in reader.get("reports")["items"]}
    assert set(items) >= {"movement", "points-issued", "points-used"}
    assert items["movement"]["names"] == {"zh": "积分余额变动表", "en": "Movement of points"}
    assert items["movement"]["formats"] == ["json", "csv", "xlsx", "pdf"]
    assert [parameter["name"] for parameter in items["movement"]["parameters"]] == ["from", "to", "institution", "group_by", "format"]


def test_the_movement_of_a_day_begins_where_the_one_before_ended(closed: Mart, reader: Reader) -> None:
    first, second = reader.get(f"reports/movement?{DAY_1}"), reader.get(f"reports/movement?{DAY_2}")
    assert [(item["institution"], item["opening"], item["granted"], item["earned"], item["clawed_back"], item["closing"], item["arrears"])
            for item in first["items"]] == [("450100", 0, 109, 100, 20, 89, 15), ("450200", 0, 40, 40, 0, 40, 0)]  # fmt: skip
    assert [(item["institution"], item["opening"], item["restored"], item["used"], item["expired"], item["closing"]) for item in second["items"]] == [
        ("450100", 89, 0, 20, 6, 63), ("450200", 40, 10, 10, 0, 40),
    ]  # fmt: skip
    both = reader.get("reports/movement?from=2026-03-01&to=2026-03-03")
    assert (first["totals"]["opening"], first["totals"]["closing"], second["totals"]["opening"]) == (0, 129, 129)
    assert both["totals"]["closing"] == second["totals"]["closing"] == 103
    for totals in (first["totals"], second["totals"], both["totals"]):
        change = totals["granted"] + totals["adjusted"] + totals["restored"] - totals["used"] - totals["expired"] - totals["clawed_back"]
        assert totals["opening"] + change == totals["closing"]
    assert (first["from"], first["to"], first["code"], first["next_cursor"]) == ("2026-03-01", "2026-03-02", "movement", None)
    assert reader.get("reports/movement?group_by=point_type")["items"][0] == {"point_type": "base", **reader.get("reports/movement")["totals"]}


def test_issued_and_used_points_by_every_dimension_sum_to_the_same(closed: Mart, reader: Reader) -> None:
    for dimension in ("day", "institution", "rule", "channel", "application", "party", "point_type"):
        issued = reader.get(f"reports/points-issued?from=2026-03-01&to=2026-03-03&group_by={dimension}")
        used = reader.get(f"reports/points-used?from=2026-03-01&to=2026-03-03&group_by={dimension}")
        assert (issued["totals"]["issued"], used["totals"]["used_net"]) == (129, 20), dimension
        assert sum(item["issued"] for item in issued["items"]) == 129
    by_channel = reader.get("reports/points-issued?from=2026-03-01&to=2026-03-03&group_by=channel")["items"]
    assert {item["channel"]: item["issued"] for item in by_channel} == {"MOBILE": 49, "POS": 80}
    assert reader.get(f"reports/points-used?{DAY_2}")["items"] == [
        {"day": "2026-03-02", "institution": "450100", "point_type": "base", "application": "mall", "channel": "MOBILE", "used": 20, "restored": 0,
         "used_net": 20, "entries": 1},
        {"day": "2026-03-02", "institution": "450200", "point_type": "base", "application": "mall", "channel": "MOBILE", "used": 10, "restored": 10,
         "used_net": 0, "entries": 1},
    ]  # fmt: skip


def test_an_institution_is_shown_with_those_below_it(closed: Mart, reader: Reader) -> None:
    assert [item["institution"] for item in reader.get(f"reports/movement?{DAY_1}&institution=450100")["items"]] == ["450100"]
    assert reader.get(f"reports/movement?{DAY_1}&institution=450000")["totals"]["closing"] == 129
    assert reader.get(f"reports/movement?{DAY_1}&institution=450110")["items"] == []
    assert reader.refused(f"reports/movement?{DAY_1}&institution=999999", 404, "institution-unknown")["path"] == "query.institution"


def test_a_caller_with_a_data_scope_sees_it_and_nothing_beyond(closed: Mart, reader: Reader) -> None:
    assert [item["institution"] for item in reader.get(f"reports/movement?{DAY_1}", "branch")["items"]] == ["450100"]
    assert reader.get(f"reports/movement?{DAY_1}&institution=450110", "branch")["items"] == []
    for beyond in ("450200", "450000", "999999"):
        assert reader.refused(f"reports/movement?{DAY_1}&institution={beyond}", 403, "beyond-your-scope", "branch")["path"] == "query.institution"
    reader.refused("made-reports", 403, "beyond-your-scope", "branch")
    reader.refused("reports", 403, "function-not-granted", "channel")


@pytest.mark.parametrize(
    ("query", "day"), [("from=2026-03-03&to=2026-03-04", "2026-03-03"), ("from=2026-03-01&to=2026-04-01", "2026-03-03"), ("from=2026-04-05", "2026-04-05")]
)
def test_a_day_that_is_not_closed_is_named(closed: Mart, reader: Reader, query: str, day: str) -> None:
    for code in ("movement", "points-issued", "points-used"):
        assert day in reader.refused(f"reports/{code}?{query}", 409, "day-not-complete")["fault"]
    assert reader.response(f"reports/movement?{query}&format=pdf").json()["retryable"] is True


def test_a_day_is_complete_only_when_every_partition_has_told_its_close(mart: Mart, reader: Reader) -> None:
    mart.post(entry_of(points=10))
    reader.refused("reports/movement", 409, "day-not-complete")
    mart.close()
    assert reader.get("reports/movement")["totals"]["closing"] == 10
    mart.execute("delete from day_close where partition = 3")
    assert "2026-03-01" in reader.refused("reports/movement?from=2026-03-01", 409, "day-not-complete")["fault"]


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("from=2026-13-01", "query.from"),
        ("to=yesterday", "query.to"),
        ("from=1772323200", "query.from"),
        ("from=2026-03-02&to=2026-03-01", "query.from"),
        ("from=1990-01-01&to=2026-03-01", "query.to"),
        ("format=docx", "query.format"),
        ("group_by=colour", "query.group_by"),
        ("group_by=institution,institution", "query.group_by"),
        ("group_by=", "query.group_by"),
        ("institution=", "query.institution"),
    ],
)
def test_bad_input_is_named(closed: Mart, reader: Reader, query: str, path: str) -> None:
    assert reader.refused(f"reports/movement?{query}", 422, "invalid-request")["path"] == path


def test_an_unknown_report_and_another_entity_are_refused(closed: Mart, reader: Reader) -> None:
    assert reader.refused("reports/profits", 404, "report-unknown")["path"] == "path.code"
    assert reader.response("reports/movement", entity="002").status_code == 403


def test_a_mart_that_does_not_tie_is_not_reported_from(closed: Mart, reader: Reader) -> None:
    closed.execute("update posting_group set points = points - 1 where business_on = '2026-03-01' and kind = 'granted'")
    reader.refused(f"reports/movement?{DAY_2}", 409, "mart-does-not-tie")
    assert {item["name"]: item["violations"] > 0 for item in reader.get("invariants")["items"]} == {
        "mart-ties-to-the-ledger": True, "groups-equal-tallies": True, "groups-are-as-they-were-written": True,
    }  # fmt: skip


def test_a_report_with_too_many_rows_is_refused(closed: Mart, reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(show_report, "REPORT_ROWS_MAX", 1)
    assert reader.refused(f"reports/movement?{DAY_1}", 422, "report-too-large")["path"] == "query.group_by"


def test_csv_is_for_programs(closed: Mart, reader: Reader) -> None:
    closed.execute("update posting_group set rule_code = '=cmd|x', seal = 0 where rule_code = 'debit-base'")
    answer = reader.response(f"reports/points-issued?{DAY_1}&group_by=rule,channel&format=csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="points-issued-001-2026-03-01-2026-03-02.csv"'
    assert answer.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [(row["rule"], row["channel"], row["issued"]) for row in rows] == [("", "MOBILE", "9"), ("'=cmd|x", "MOBILE", "40"), ("'=cmd|x", "POS", "80")]


def test_a_workbook_has_both_languages_numbers_and_totals(closed: Mart, reader: Reader) -> None:
    answer = reader.response(f"reports/movement?{DAY_1}&format=xlsx")
    assert answer.headers["content-type"] == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as workbook:
        strings = workbook.read("xl/sharedStrings.xml").decode()
        sheet = workbook.read("xl/worksheets/sheet1.xml").decode()
    assert "积分余额变动表 Movement of points" in strings
    assert "期末\nClosing" in strings
    assert "<v>129</v>" in sheet


def test_a_pdf_can_be_made_of_every_report(closed: Mart, reader: Reader) -> None:
    for code in ("movement", "points-issued", "points-used", "decisions"):
        answer = reader.response(f"reports/{code}?{DAY_1}&format=pdf")
        assert (answer.headers["content-type"], answer.content[:5]) == ("application/pdf", b"%PDF-")
        assert b"STSong-Light" in answer.content


def test_the_days_reports_are_made_once_and_kept_as_they_were(closed: Mart, reader: Reader) -> None:
    make = MakeReports(lambda: read_mart(closed.database), SystemClock())
    assert make("001", MARCH_3) == Refused(Refusal.DAY_NOT_COMPLETE, "2026-03-03")
    assert (make("001", MARCH_1), make("001", MARCH_1), make("001", MARCH_2)) == (3, 0, 3)
    made = reader.get("made-reports?limit=4")
    assert [(item["business_on"], item["code"]) for item in made["items"]] == [
        ("2026-03-01", "movement"), ("2026-03-01", "points-issued"), ("2026-03-01", "points-used"), ("2026-03-02", "movement"),
    ]  # fmt: skip
    assert len(reader.get(f"made-reports?limit=4&cursor={made['next_cursor']}")["items"]) == 2
    assert reader.get("made-reports/movement/2026-03-01") == reader.get(f"reports/movement?{DAY_1}")
    assert reader.refused(f"made-reports/movement/{date(2026, 3, 9)}", 404, "report-not-made")["path"] == "path.business_on"
