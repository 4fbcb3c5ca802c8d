"""Files of adjustments: received and decided on over HTTP, then posted by the chore, on a real database."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import pytest

from redemption.adapters.posting_files import SqlPostingWork
from redemption.adapters.unit_of_work import begin_on
from redemption.application import post_adjustment_files
from redemption.application.post_adjustment_files import PostAdjustmentFiles
from support.eventually import eventually
from support.online_bank import Bank, done, open_entity, refusal


def file_of(bank: Bank, *details: tuple[Any, ...], file_no: str = "ADJ-1", bad: Sequence[str] = ()) -> str:
    """Return a file of (customer, points, point type) lines, numbered from 1, then bad ones as they are."""
    lines = [f"D,{number},{detail[0]},{detail[1]},{detail[2] if len(detail) > 2 else 'base'},,test" for number, detail in enumerate(details, 1)]
    points = [detail[1] for detail in details]
    trailer = f"T,{len(lines) + len(bad)},{sum(each for each in points if each > 0)},{-sum(each for each in points if each < 0)}"
    return "\n".join((f"H,1,{bank.entity},{file_no},2026-03-01", *lines, *bad, trailer))


def send(bank: Bank, content: str, *, all_or_nothing: bool = False) -> dict[str, Any]:
    return done(bank.post("adjustment-files", {"content": content, "all_or_nothing": all_or_nothing}, token="maker"), 201)


def approve(bank: Bank, file: dict[str, Any]) -> dict[str, Any]:
    return done(bank.post(f"adjustment-files/{file['file_id']}/approve", token="checker"))


def posting(bank: Bank) -> PostAdjustmentFiles:
    return PostAdjustmentFiles(begin_on(bank.service.database, SqlPostingWork), bank.service.clock)


def shown(bank: Bank, file: dict[str, Any]) -> dict[str, Any]:
    return done(bank.get(f"adjustment-files/{file['file_id']}", token="auditor"))


def rejects(bank: Bank, file: dict[str, Any]) -> list[tuple[int, str]]:
    listed = done(bank.get(f"adjustment-files/{file['file_id']}/rejects", token="maker"))["items"]
    return [(line["line_no"], line["code"]) for line in listed]


def test_an_approved_files_lines_are_posted_and_bad_ones_are_set_aside(bank: Bank) -> None:
    for customer_no in ("C1", "C2", "C3"):
        bank.grant(100, customer_no=customer_no)
    bank.know_customer("active", "C4")
    bank.know_customer("active", "C5")
    done(bank.post("freezes", {"customer_no": "C3", "reason": "disputed"}, token="maker"), 201)
    details = [("C2", -30), ("C1", 50), ("C2", -80), ("C3", -1), ("C3", 7), ("C4", 9, "bonus"), ("C5", -1), ("C9", 5), ("C1", -120)]
    file = send(bank, file_of(bank, *details, bad=["D,1,C1,0,base,,again", "D,99,C1,0,base,,none"]))
    assert (file["status"], file["lines"], file["lines_rejected"], file["points_given"], file["points_taken"]) == ("pending", 8, 3, 66, 232)
    assert posting(bank)(bank.entity) == 0, "nobody has approved it"
    assert approve(bank, file)["status"] == "approved"
    assert posting(bank)(bank.entity) == 8
    posted = shown(bank, file)
    assert (posted["status"], posted["lines_posted"], posted["posted_given"], posted["posted_taken"]) == ("posted", 5, 66, 150)
    assert rejects(bank, file) == [
        (4, "insufficient-points"), (5, "account-frozen"), (8, "customer-unknown"), (9, "customer-unknown"), (11, "duplicate-line"), (12, "invalid-points"),
    ]  # fmt: skip
    balances = [bank.balance(customer_no=customer_no).earned for customer_no in ("C1", "C2", "C3")]
    assert (balances, bank.balance("bonus", "C4").available) == ([30, 70, 107], 9)
    with bank.service.database.transaction() as cursor:
        cursor.execute("select count(*) from account where legal_entity = %s and customer_no in ('C5', 'C9')", (bank.entity,))
        assert cursor.fetchone() == (0,)


def test_the_reject_file_is_csv(bank: Bank) -> None:
    bank.grant(100)
    file = send(bank, file_of(bank, (bank.customer_no, 5), bad=['D,7,C1,0,base,,"a, b"']))
    answer = bank.get(f"adjustment-files/{file['file_id']}/rejects.csv", token="maker")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.text.splitlines() == [
        "line_no,code,fault,line",
        '3,invalid-points,"points are a whole number, positive or negative, not 0, up to 2^53-1","D,7,C1,0,base,,""a, b"""',
    ]


def test_of_an_all_or_nothing_file_one_bad_line_refuses_it(bank: Bank) -> None:
    bank.grant(100)
    file = send(bank, file_of(bank, (bank.customer_no, 5), bad=["D,7,C1,0,base,,none"]), all_or_nothing=True)
    assert (file["status"], rejects(bank, file)) == ("refused", [(3, "invalid-points")])
    assert refusal(bank.post(f"adjustment-files/{file['file_id']}/approve", token="checker")) == (409, "file-not-pending")
    mended = send(bank, file_of(bank, (bank.customer_no, 5), (bank.customer_no, -105)), all_or_nothing=True)
    approve(bank, mended)
    posting(bank)(bank.entity)
    assert (shown(bank, mended)["status"], shown(bank, mended)["lines_posted"], bank.available()) == ("posted", 2, 0)


def test_of_an_all_or_nothing_file_nothing_is_posted_when_a_line_cannot_be(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(post_adjustment_files, "LINES_PER_TRANSACTION", 2)
    for number in range(5):
        bank.grant(100, customer_no=f"C{number}")
    file = send(bank, file_of(bank, *[(f"C{number}", 10) for number in range(4)], ("C4", -101), ("C0", -111)), all_or_nothing=True)
    approve(bank, file)
    posting(bank)(bank.entity)
    ended = shown(bank, file)
    assert (ended["status"], ended["lines_posted"], ended["lines_rejected"], ended["posted_given"]) == ("refused", 0, 2, 0)
    assert rejects(bank, file) == [(6, "insufficient-points"), (7, "insufficient-points")]
    assert [kind for kind, _ in bank.entries()] == ["granted"] * 5


def test_the_same_file_is_not_taken_twice(bank: Bank) -> None:
    bank.grant(100)
    content = file_of(bank, (bank.customer_no, 5))
    body = {"content": content}
    first = bank.post("adjustment-files", body, token="maker", key="send-once")
    assert bank.post("adjustment-files", body, token="maker", key="send-once").json() == done(first, 201)
    assert refusal(bank.post("adjustment-files", body, token="maker2")) == (409, "file-already-received")
    assert refusal(bank.post("adjustment-files", {"content": content + "\n"}, token="maker")) == (409, "file-already-received"), "its number was received"
    approve(bank, first.json())
    assert (posting(bank)(bank.entity), posting(bank)(bank.entity)) == (1, 0)
    assert refusal(bank.post("adjustment-files", body, token="maker")) == (409, "file-already-received")
    assert bank.available() == 105
    other = open_entity(bank.service)
    assert refusal(other.post("adjustment-files", body, token="maker")) == (422, "invalid-file"), "it names its entity"


def test_a_file_is_decided_on_once_and_by_another(bank: Bank) -> None:
    bank.grant(100)
    file = send(bank, file_of(bank, (bank.customer_no, 5)))
    for step in ("approve", "reject"):
        path = f"adjustment-files/{file['file_id']}/{step}"
        assert refusal(bank.post(path, token="maker")) == (403, "maker-cannot-approve")
        assert refusal(bank.post(path, token="maker2")) == (403, "function-not-granted")
        assert refusal(bank.post(f"adjustment-files/unknown/{step}", token="checker")) == (404, "file-unknown")
    assert done(bank.post(f"adjustment-files/{file['file_id']}/reject", token="checker"))["status"] == "rejected"
    assert refusal(bank.post(f"adjustment-files/{file['file_id']}/approve", token="checker")) == (409, "file-not-pending")
    assert posting(bank)(bank.entity) == 0
    send(bank, file_of(bank, (bank.customer_no, 6)))  # the number of a rejected file may come again
    assert [each["status"] for each in done(bank.get("adjustment-files", token="checker"))["items"]].count("rejected") == 1
    assert len(done(bank.get("adjustment-files?status=pending", token="checker"))["items"]) == 1


def test_what_is_no_file_is_refused_and_may_be_mended(bank: Bank) -> None:
    bank.grant(100)
    content = file_of(bank, (bank.customer_no, 5))
    answer = bank.post("adjustment-files", {"content": content.replace("T,1,5,0", "T,1,6,0")}, token="maker")
    assert refusal(answer) == (422, "invalid-file")
    assert answer.json()["reasons"][0]["fault"] == "line 3: the trailer states 6 points given, the lines come to 5"
    for body in ({"content": ""}, {"content": 1}, {}, {"content": content, "mode": "all"}):
        assert bank.post("adjustment-files", body, token="maker").status_code == 422
    for token in ("channel", "checker", "auditor", "admin"):
        assert refusal(bank.post("adjustment-files", {"content": content}, token=token)) == (403, "function-not-granted")
    for path in ("adjustment-files/unknown", "adjustment-files/unknown/rejects", "adjustment-files/unknown/rejects.csv"):
        assert refusal(bank.get(path, token="maker")) == (404, "file-unknown")
    send(bank, content)


def test_a_transaction_that_fails_takes_its_lines_back_and_they_are_posted_next_time(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(post_adjustment_files, "LINES_PER_TRANSACTION", 2)
    for number in range(5):
        bank.grant(100, customer_no=f"C{number}")
    file = send(bank, file_of(bank, *((f"C{number}", 10) for number in range(5))))
    approve(bank, file)
    posts, real = [0], SqlPostingWork.advance

    def fail_late(self: SqlPostingWork, *arguments: Any) -> None:
        real(self, *arguments)
        posts[0] += 1
        if posts[0] == 2:
            raise RuntimeError("the machine stops")

    monkeypatch.setattr(SqlPostingWork, "advance", fail_late)
    with pytest.raises(RuntimeError):
        posting(bank)(bank.entity)
    assert shown(bank, file)["lines_posted"] == 2
    posting(bank)(bank.entity)
    assert (shown(bank, file)["lines_posted"], [bank.available() for bank.customer_no in (f"C{number}" for number in range(5))]) == (5, [110] * 5)


KILLED = """
import sys
from loyalty_shared.kernel.clock import SystemClock
from loyalty_shared.persistence.connections import Database
from redemption.adapters.posting_files import SqlPostingWork
from redemption.adapters.unit_of_work import begin_on
from redemption.application import post_adjustment_files
post_adjustment_files.LINES_PER_TRANSACTION = 20
post_adjustment_files.PostAdjustmentFiles(begin_on(Database(sys.argv[1], application_name="killed"), SqlPostingWork), SystemClock())(sys.argv[2])
"""


def test_killed_in_the_middle_it_goes_on_and_posts_nothing_twice(bank: Bank) -> None:
    customers = [f"C{number:04d}" for number in range(1_000)]
    for customer_no in customers:
        bank.know_customer("active", customer_no)
    file = send(bank, file_of(bank, *((customer_no, 7) for customer_no in customers), *((customer_no, -3) for customer_no in customers)))
    approve(bank, file)
    process = subprocess.Popen([sys.executable, "-c", KILLED, bank.service.database.url, bank.entity])
    eventually(lambda: shown(bank, file)["lines_posted"] > 0, timeout_seconds=60)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    before = shown(bank, file)
    posting(bank)(bank.entity)
    ended = shown(bank, file)
    assert (ended["status"], ended["lines_posted"], ended["posted_given"], ended["posted_taken"]) == ("posted", 2_000, 7_000, 3_000)
    with bank.service.database.transaction() as cursor:
        cursor.execute("select count(*), count(distinct cause_no), sum(points) from entry where legal_entity = %s and kind = 'adjusted'", (bank.entity,))
        assert cursor.fetchone() == (2_000, 2_000, 4_000)
    assert before["lines_posted"] < 2_000, "it was killed before the end"
