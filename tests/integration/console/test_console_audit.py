"""The audit trail: who did what, before and after, from where; and what tampering with it comes to."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg2
import pytest

from console.entrypoints.pages.routes import SIGN_IN
from nanzhu_local.credentials import password_of
from support.console_desk import PASSWORD, SEED, Console, problem_of

NAMES = {"names": {"en": "A branch"}, "parent": "HQ"}


def trail(console: Console, query: str = "") -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = console.read(f"audit?limit=500{query}").json()["items"]
    return items


def verification(console: Console) -> dict[str, Any]:
    found: dict[str, Any] = console.read("audit/verification").json()
    return found


def tamper(console: Console, statement: str) -> None:
    """Do what only the database's owner can."""
    console.sql(f"alter table audit_record disable trigger append_only; {statement}; alter table audit_record enable trigger append_only")


def test_what_was_done_is_told_with_before_and_after_and_from_where(console: Console) -> None:
    console.put("institutions/450000", NAMES)
    console.put("institutions/450000", {**NAMES, "names": {"en": "Renamed"}})
    newest = trail(console, "&subject=450000")[0]
    assert (newest["who"], newest["action"], newest["address"], newest["at"]) == ("001-admin", "institution.changed", "testclient", "2026-03-01T17:30:00Z")
    assert (newest["before"]["names"], newest["after"]["names"]) == ({"en": "A branch"}, {"en": "Renamed"})
    assert newest["request_id"]


def test_every_kind_of_change_leaves_its_record_and_a_refusal_none(console: Console) -> None:
    before = len(trail(console))
    token = console.operator("wei", "maker")
    proposed = console.put("parameters/cost-per-point", {"value": 2}, token).json()
    console.write(f"approvals/{proposed['approval_id']}/approve", None, "001:checker")
    console.write("business-date", {"business_on": "2026-03-03"})
    console.put("roles/r", {"names": {"en": "R"}, "functions": [], "scope": "entity"})
    console.write("operators/wei/lock")
    console.write("jobs/close-day/runs")
    problem_of(console.put("institutions/x", {"names": {"en": "X"}, "parent": "none"}), 404, "institution-unknown")
    problem_of(console.write(f"approvals/{proposed['approval_id']}/approve", None, "001:checker"), 409, "already-decided")
    actions = [record["action"] for record in trail(console)]
    assert actions[: len(actions) - before] == [
        "job.asked-for",
        "operator.locked",
        "role.created",
        "business-date.advanced",
        "parameter.approved",
        "parameter.proposed",
        "session.opened",
        "operator.created",
    ]
    assert next(record for record in trail(console) if record["action"] == "parameter.proposed")["who"] == "operator:wei"
    assert verification(console) == {"records": len(actions), "intact": True, "broken_at": None, "fault": None}


def test_a_call_sent_again_is_noted_once(console: Console) -> None:
    for _ in range(3):
        console.put("institutions/450000", NAMES, key="k")
    assert len(trail(console, "&subject=450000")) == 1


def test_the_trail_is_searched_and_listed_by_pages(console: Console) -> None:
    console.clock.put_on(hours=1)
    console.write("operators", {"operator": "wei", "password": PASSWORD})
    assert [record["subject"] for record in trail(console, "&who=001-admin")] == ["wei"]
    assert [record["subject"] for record in trail(console, "&action=operator.created&from=2026-03-01T18:00:00Z")] == ["wei"]
    assert trail(console, "&from=2026-03-01T18:00:00Z&to=2026-03-01T18:30:00Z") == []
    numbers, cursor = [], ""
    while True:
        page = console.read(f"audit?limit=2{cursor}").json()
        numbers += [record["number"] for record in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert numbers == list(range(len(numbers), 0, -1))
    problem_of(console.read("audit?from=yesterday"), 422, "invalid-request")
    problem_of(console.read("audit", "001:maker"), 403, "function-not-granted")
    problem_of(console.read("audit/verification", "002:auditor"), 403, "not-your-entity")


def test_each_entity_has_a_chain_of_its_own(console: Console) -> None:
    console.put("/v1/entities/002/institutions/1", NAMES, "002:admin")
    assert console.read("/v1/entities/002/audit", "002:auditor").json()["items"][0]["subject"] == "1"
    assert "1" not in [record["subject"] for record in trail(console)]
    assert console.read("/v1/entities/002/audit/verification", "002:auditor").json()["intact"] is True


def test_records_written_at_once_make_one_chain(console: Console) -> None:
    before = verification(console)["records"]
    with ThreadPoolExecutor(8) as threads:
        assert {answer.status_code for answer in threads.map(lambda number: console.put(f"institutions/{number}", NAMES), range(24))} == {200}
    assert verification(console) == {"records": before + 24, "intact": True, "broken_at": None, "fault": None}


@pytest.mark.parametrize("statement", ["update audit_record set who = 'nobody'", "delete from audit_record", "truncate audit_record"])
def test_the_trail_is_append_only(console: Console, statement: str) -> None:
    with pytest.raises(psycopg2.errors.IntegrityConstraintViolation, match="append-only"):
        console.sql(statement)


@pytest.mark.parametrize(
    ("statement", "broken_at"),
    [
        ("update audit_record set who = 'nobody' where legal_entity = '001' and number = 3", 3),
        ("update audit_record set after = replace(after, 'HQ', 'hq') where legal_entity = '001' and number = 1", 1),
        ("update audit_record set at = at + interval '1 microsecond' where legal_entity = '001' and number = 4", 4),
        ("update audit_record set address = '10.0.0.1' where legal_entity = '001' and number = 2", 2),
        ("delete from audit_record where legal_entity = '001' and number = 2", 2),
        ("delete from audit_record where legal_entity = '001' and number = 5", 5),
        ("delete from audit_record where legal_entity = '001'", 1),
    ],
)
def test_what_somebody_changed_behind_its_back_is_found(console: Console, statement: str, broken_at: int) -> None:
    assert verification(console) == {"records": 5, "intact": True, "broken_at": None, "fault": None}
    tamper(console, statement)
    found = verification(console)
    assert (found["intact"], found["broken_at"]) == (False, broken_at)
    assert found["fault"]


def test_what_is_done_on_a_page_is_told_with_the_browsers_address(console: Console) -> None:
    form = {"operator": "001-maker", "password": password_of(SEED, "001", "maker")}
    assert console.client.post(SIGN_IN, data=form, headers={"Origin": "http://testserver"}, follow_redirects=False).status_code == 303
    newest = trail(console, "&action=session.opened")[0]
    assert (newest["who"], newest["address"]) == ("operator:001-maker", "testclient")
