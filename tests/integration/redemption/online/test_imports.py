"""Import of existing points: received and decided on over HTTP, then posted by the chore, on a real database."""

import csv
import os
import signal
import subprocess
import sys
from datetime import date, timedelta
from typing import Any

import pytest

from redemption.adapters.posting_imports import SqlImportingWork
from redemption.adapters.unit_of_work import begin_on
from redemption.application import post_imports
from redemption.application.post_imports import PostImports
from support.eventually import eventually
from support.online_bank import Bank, done, open_entity, refusal


def file_of(bank: Bank, *lines: str, file_no: str = "OLD-1") -> str:
    """Return a file of `customer,old points,last date` lines."""
    old_points = sum(int(line.split(",")[1]) for line in lines if line.split(",")[1].lstrip("-").isdecimal())
    return "\n".join((f"H,1,{bank.entity},{file_no},2026-03-01", *(f"D,{line}" for line in lines), f"T,{len(lines)},{old_points}"))


def asking(content: str, **others: Any) -> dict[str, Any]:
    return {"content": content, "source": "old-cards", "ratio": "0.5", "rounding": "down", **others}


def send(bank: Bank, content: str, **others: Any) -> dict[str, Any]:
    return done(bank.post("imports", asking(content, **others), token="maker"), 201)


def approve(bank: Bank, sent: dict[str, Any]) -> dict[str, Any]:
    return done(bank.post(f"imports/{sent['import_id']}/approve", token="checker"))


def posting(bank: Bank) -> PostImports:
    return PostImports(begin_on(bank.service.database, SqlImportingWork), bank.service.clock)


def shown(bank: Bank, sent: dict[str, Any]) -> dict[str, Any]:
    return done(bank.get(f"imports/{sent['import_id']}", token="auditor"))


def report(bank: Bank, sent: dict[str, Any], *names: str) -> tuple[Any, ...]:
    told = shown(bank, sent)["report"]
    return tuple(told[name] for name in names)


def audit(bank: Bank, sent: dict[str, Any]) -> list[dict[str, str]]:
    answer = bank.get(f"imports/{sent['import_id']}/audit.csv", token="auditor")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    return list(csv.DictReader(answer.text.splitlines()))


def test_an_approved_import_is_posted_and_its_report_ties(bank: Bank) -> None:
    bank.grant(100, customer_no="C1")
    sent = send(bank, file_of(bank, "C2,1001,2027-12-31", "C1,7,", "C1,4,2026-06-30", "C3,1,", "C4,-5,", "C2,9,2027-12-31"))
    assert sent["status"] == "pending"
    assert posting(bank)(bank.entity) == 0, "nobody has approved it"
    assert approve(bank, sent)["status"] == "approved"
    assert (posting(bank)(bank.entity), posting(bank)(bank.entity)) == (3, 0)
    ended = shown(bank, sent)
    assert (ended["status"], ended["made_by"], ended["checked_by"]) == ("posted", f"{bank.entity}-maker", f"{bank.entity}-checker")
    assert ended["report"] == {
        "lines": 6, "lines_posted": 3, "lines_waiting": 0, "lines_rejected": 3,
        "old_points": 1017, "old_points_posted": 1012, "old_points_waiting": 0, "old_points_rejected": 5,
        "converted_old_points": 1012, "converted_exactly": "506", "rounding_difference": "-1", "converted_points": 505,
        "points_posted": 505, "points_waiting": 0, "ledger_entries": 3, "ledger_points": 505, "ties": True, "breaks": [],
    }  # fmt: skip
    assert [bank.balance(customer_no=customer_no).available for customer_no in ("C1", "C2")] == [105, 500]
    lots = done(bank.get("accounts/C1/lots"))["items"]
    assert [(lot["points"], lot["expires_on"]) for lot in lots] == [(2, "2026-06-30"), (103, None)]
    (entry,) = done(bank.get("accounts/C2/entries"))["items"]
    assert (entry["kind"], entry["points"], entry["debit_account"]) == ("granted", 500, "issued:bank")
    assert entry["cause"] == {"kind": "import", "source_system": "old-cards", "no": f"{sent['import_id']}:2", "leg": 1}
    for customer_no in ("C3", "C4"):
        assert refusal(bank.get(f"accounts/{customer_no}"))[0] == 404, "nothing was given, so no account was opened"


def test_the_audit_file_names_the_entry_of_every_line(bank: Bank) -> None:
    sent = send(bank, file_of(bank, "C1,7,", "C2,1,", "C1,10,2027-12-31"))
    assert [(line["entry_id"], line["status"]) for line in audit(bank, sent)] == [("", "waiting"), ("", "rejected"), ("", "waiting")]
    approve(bank, sent)
    posting(bank)(bank.entity)
    entries = {entry["cause"]["no"].split(":")[1]: entry["entry_id"] for entry in done(bank.get("accounts/C1/entries"))["items"]}
    common = {"ratio": "0.5", "rounding": "down"}
    assert audit(bank, sent) == [
        {"line_no": "2", "customer_no": "C1", "expires_on": "", "old_points": "7", **common, "converted_exactly": "3.5", "new_points": "3",
         "status": "posted", "code": "", "entry_id": entries["2"], "entry_points": "3"},
        {"line_no": "3", "customer_no": "C2", "expires_on": "", "old_points": "1", **common, "converted_exactly": "0.5", "new_points": "0",
         "status": "rejected", "code": "converts-to-nothing", "entry_id": "", "entry_points": ""},
        {"line_no": "4", "customer_no": "C1", "expires_on": "2027-12-31", "old_points": "10", **common, "converted_exactly": "5", "new_points": "5",
         "status": "posted", "code": "", "entry_id": entries["4"], "entry_points": "5"},
    ]  # fmt: skip


def test_a_trial_shows_what_would_come_of_it_and_posts_nothing(bank: Bank) -> None:
    content = file_of(bank, "C1,7,", "C2,0,", "C3,3,")
    trial = send(bank, content, trial=True, rounding="up")
    assert trial["status"] == "trial"
    assert shown(bank, trial) == trial, "the report is kept"
    names = ("lines_posted", "lines_waiting", "lines_rejected", "converted_exactly", "converted_points", "rounding_difference", "ledger_points", "ties")
    assert report(bank, trial, *names) == (0, 2, 1, "5", 6, "1", 0, True)
    assert refusal(bank.post(f"imports/{trial['import_id']}/approve", token="checker")) == (409, "import-not-pending")
    assert posting(bank)(bank.entity) == 0
    assert (bank.entries(), bank.get("accounts/C1").status_code) == ([], 404)
    assert send(bank, content)["status"] == "pending", "a trial does not count as received"
    assert refusal(bank.post("imports", asking(content), token="maker")) == (409, "file-already-received")
    assert send(bank, content, trial=True)["status"] == "trial", "a trial may be run at any time"


def test_the_same_file_is_not_taken_twice(bank: Bank) -> None:
    content = file_of(bank, "C1,10,")
    first = bank.post("imports", asking(content), token="maker", key="import-once")
    assert bank.post("imports", asking(content), token="maker", key="import-once").json() == done(first, 201)
    assert refusal(bank.post("imports", asking(content, ratio="1"), token="maker2")) == (409, "file-already-received"), "at whatever ratio"
    assert refusal(bank.post("imports", asking(content, source="others"), token="maker")) == (409, "file-already-received"), "from whatever source"
    assert refusal(bank.post("imports", asking(content + "\n"), token="maker")) == (409, "file-already-received"), "its number was received"
    approve(bank, first.json())
    posting(bank)(bank.entity)
    assert refusal(bank.post("imports", asking(content), token="maker")) == (409, "file-already-received")
    assert bank.balance(customer_no="C1").available == 5
    other = open_entity(bank.service)
    assert refusal(other.post("imports", asking(content), token="maker")) == (422, "invalid-file"), "it names its entity"
    assert refusal(other.get(f"imports/{first.json()['import_id']}", token="auditor")) == (404, "import-unknown")


def test_an_import_is_decided_on_once_and_by_another(bank: Bank) -> None:
    content = file_of(bank, "C1,10,")
    sent = send(bank, content)
    for step in ("approve", "reject"):
        path = f"imports/{sent['import_id']}/{step}"
        assert refusal(bank.post(path, token="maker")) == (403, "maker-cannot-approve")
        assert refusal(bank.post(path, token="maker2")) == (403, "function-not-granted")
        assert refusal(bank.post(f"imports/unknown/{step}", token="checker")) == (404, "import-unknown")
    assert done(bank.post(f"imports/{sent['import_id']}/reject", token="checker"))["status"] == "rejected"
    assert refusal(bank.post(f"imports/{sent['import_id']}/approve", token="checker")) == (409, "import-not-pending")
    assert posting(bank)(bank.entity) == 0
    bank.let_pass(timedelta(seconds=1))
    send(bank, content, ratio="1")  # what was rejected may come again, at the right ratio
    assert [each["status"] for each in done(bank.get("imports", token="checker"))["items"]] == ["pending", "rejected"]
    assert len(done(bank.get("imports?status=pending", token="checker"))["items"]) == 1


def test_what_is_no_import_is_refused(bank: Bank) -> None:
    content = file_of(bank, "C1,10,")
    answer = bank.post("imports", asking(content.replace("T,1,10", "T,1,11")), token="maker")
    assert refusal(answer) == (422, "invalid-file")
    assert answer.json()["reasons"][0]["fault"] == "line 3: the trailer states 11 old points, the lines come to 10"
    bad: list[dict[str, Any]] = [
        {"ratio": "0"}, {"ratio": "0.000"}, {"ratio": "-1"}, {"ratio": 0.5}, {"ratio": "1e3"}, {"ratio": "1/2"}, {"ratio": "0.1234567"},
        {"rounding": "nearest"}, {"source": ""}, {"content": ""}, {"point_type": None}, {"trial": "yes"}, {"dates": "old"},
    ]  # fmt: skip
    for changed in bad:
        assert bank.post("imports", asking(content) | changed, token="maker").status_code == 422, changed
    for left_out in ("content", "ratio", "rounding", "source"):
        body = {name: value for name, value in asking(content).items() if name != left_out}
        assert bank.post("imports", body, token="maker").status_code == 422, left_out
    assert refusal(bank.post("imports", asking(content, point_type="miles"), token="maker")) == (422, "point-type-unknown")
    for token in ("channel", "checker", "auditor", "admin"):
        assert refusal(bank.post("imports", asking(content), token=token)) == (403, "function-not-granted")
    for path in ("imports/unknown", "imports/unknown/rejects", "imports/unknown/audit.csv"):
        assert refusal(bank.get(path, token="maker")) == (404, "import-unknown")
    send(bank, content)


def test_bad_lines_are_told_with_number_and_reason(bank: Bank) -> None:
    sent = send(bank, file_of(bank, "C1,10,", "C1,12,", "C 2,10,", "C3,10,2026-02-28", "C4,1,", "C5,1.5,", "C6,10,soon"))
    first = done(bank.get(f"imports/{sent['import_id']}/rejects?limit=4", token="maker"))
    rest = done(bank.get(f"imports/{sent['import_id']}/rejects?cursor={first['next_cursor']}", token="maker"))
    rejects = first["items"] + rest["items"]
    assert [(each["line_no"], each["code"]) for each in rejects] == [
        (3, "duplicate-line"), (4, "invalid-customer-no"), (5, "expires-on-passed"), (6, "converts-to-nothing"), (7, "invalid-points"),
        (8, "invalid-expires-on"),
    ]  # fmt: skip
    assert [each["line"] for each in rejects][:2] == ["D,C1,12,", "D,C 2,10,"]
    assert all(each["fault"] for each in rejects)


def test_a_line_that_cannot_be_posted_is_rejected_and_the_report_still_ties(bank: Bank) -> None:
    bank.grant(2**53 - 1, customer_no="C1")
    sent = send(bank, file_of(bank, "C1,10,", "C2,10,"))
    approve(bank, sent)
    posting(bank)(bank.entity)
    names = ("lines_posted", "lines_rejected", "old_points_posted", "old_points_rejected", "converted_points", "ledger_points", "ties")
    assert report(bank, sent, *names) == (1, 1, 10, 10, 5, 5, True)
    (reject,) = done(bank.get(f"imports/{sent['import_id']}/rejects", token="maker"))["items"]
    assert (reject["line_no"], reject["customer_no"], reject["code"], reject["line"]) == (2, "C1", "limit-exceeded", None)


def test_points_that_lapse_before_they_are_posted_are_given_and_expire(bank: Bank) -> None:
    sent = send(bank, file_of(bank, "C1,10,2026-03-01"))
    approve(bank, sent)
    bank.advance_to(date(2026, 3, 2))
    posting(bank)(bank.entity)
    assert bank.entries() == [("granted", 5), ("expired", -5)]
    assert report(bank, sent, "points_posted", "ledger_points", "ties") == (5, 5, True)


def test_a_merged_number_is_imported_to_the_account_that_answers_for_it(bank: Bank) -> None:
    for customer_no in ("C1", "C2"):
        bank.grant(100, customer_no=customer_no)
    merge = done(bank.post("merges", {"from_customer_no": "C1", "into_customer_no": "C2", "reason": "one person"}, token="maker"), 201)
    done(bank.post(f"merges/{merge['merge_id']}/approve", token="checker"))
    sent = send(bank, file_of(bank, "C1,10,", "C2,20,"))
    approve(bank, sent)
    posting(bank)(bank.entity)
    assert bank.balance(customer_no="C2").available == 215
    assert report(bank, sent, "points_posted", "ledger_points", "ties") == (15, 15, True)
    assert [line["entry_points"] for line in audit(bank, sent)] == ["5", "10"]
    entries = done(bank.get("accounts/C2/entries?kind=granted"))["items"]
    assert [(entry["points"], entry["came_by"]) for entry in entries if entry["cause"]["kind"] == "import"] == [(10, None), (5, "C1")]


def test_the_report_names_what_another_hand_changed(bank: Bank) -> None:
    sent = send(bank, file_of(bank, "C1,10,", "C2,20,"))
    approve(bank, sent)
    posting(bank)(bank.entity)
    with bank.service.database.transaction() as cursor:
        cursor.execute("update point_import_line set new_points = 6 where import_id = %s and customer_no = 'C1'", (sent["import_id"],))
    assert report(bank, sent, "ties", "breaks") == (False, ["ledger-points"])


def test_a_transaction_that_fails_takes_its_lines_back_and_they_are_posted_next_time(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(post_imports, "LINES_PER_TRANSACTION", 2)
    sent = send(bank, file_of(bank, *(f"C{number},10," for number in range(5))))
    approve(bank, sent)
    records, real = [0], SqlImportingWork.record

    def fail_late(self: SqlImportingWork, *arguments: Any) -> None:
        real(self, *arguments)
        records[0] += 1
        if records[0] == 2:
            raise RuntimeError("the machine stops")

    monkeypatch.setattr(SqlImportingWork, "record", fail_late)
    with pytest.raises(RuntimeError):
        posting(bank)(bank.entity)
    assert report(bank, sent, "lines_posted", "lines_waiting", "ledger_entries", "ties") == (2, 3, 2, True)
    posting(bank)(bank.entity)
    assert report(bank, sent, "lines_posted", "lines_waiting", "ledger_entries", "ties") == (5, 0, 5, True)


KILLED = """
import sys
from loyalty_shared.kernel.clock import SystemClock
from loyalty_shared.persistence.connections import Database
from redemption.adapters.posting_imports import SqlImportingWork
from redemption.adapters.unit_of_work import begin_on
from redemption.application import post_imports
post_imports.LINES_PER_TRANSACTION = 20
post_imports.PostImports(begin_on(Database(sys.argv[1], application_name="killed"), SqlImportingWork), SystemClock())(sys.argv[2])
"""


def test_killed_in_the_middle_it_goes_on_and_posts_nothing_twice(bank: Bank) -> None:
    sent = send(bank, file_of(bank, *(f"C{number:04d},15,2027-12-31" for number in range(2_000))))
    approve(bank, sent)
    process = subprocess.Popen([sys.executable, "-c", KILLED, bank.service.database.url, bank.entity])
    eventually(lambda: report(bank, sent, "lines_posted") > (0,), timeout_seconds=60)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    (before,) = report(bank, sent, "lines_posted")
    posting(bank)(bank.entity)
    names = ("lines_posted", "points_posted", "ledger_entries", "ledger_points", "rounding_difference", "ties")
    assert report(bank, sent, *names) == (2_000, 14_000, 2_000, 14_000, "-1000", True)
    with bank.service.database.transaction() as cursor:
        cursor.execute("select count(*), count(distinct cause_no), sum(points) from entry where legal_entity = %s and kind = 'granted'", (bank.entity,))
        assert cursor.fetchone() == (2_000, 2_000, 14_000)
    assert before < 2_000, "it was killed before the end"
