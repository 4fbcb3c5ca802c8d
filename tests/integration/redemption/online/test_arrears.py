"""Arrears by age and their write-off over HTTP, on a real database."""

import json
from datetime import date
from typing import Any

from support.online_bank import Bank, done, open_entity, refusal


def owe(bank: Bank, points: int, customer_no: str | None = None, point_type: str = "base") -> None:
    """Let a customer owe points: an adjustment opens the account, and another takes more than there is, of a type that allows it."""
    types = {code: {"spending_priority": 1, "negative_allowed": True} for code in ("base", "bonus")}
    with bank.service.database.transaction() as cursor:
        cursor.execute(
            "insert into parameter (legal_entity, name, effective_on, value) values (%s, 'point-types', '2026-01-01', %s) on conflict do nothing",
            (bank.entity, json.dumps(types)),
        )
    for adjusted in (1, -points - 1):
        body = {"customer_no": customer_no or bank.customer_no, "points": adjusted, "point_type": point_type, "reason": "test"}
        adjustment = done(bank.post("adjustments", body, token="maker"), 201)
        done(bank.post(f"adjustments/{adjustment['adjustment_id']}/approve", token="checker"))


def ask(bank: Bank, **others: Any) -> str:
    body = {"customer_no": bank.customer_no, "point_type": "base", "reason": "the customer has died", **others}
    return str(done(bank.post("arrears-write-offs", body, token="maker"), 201)["write_off_id"])


def arrears(bank: Bank, query: str = "") -> list[tuple[str, str, int, str, int]]:
    items = done(bank.get(f"arrears{query}", token="checker"))["items"]
    return [(each["customer_no"], each["point_type"], each["points"], each["since_on"], each["days"]) for each in items]


def test_what_is_owed_is_listed_by_age(bank: Bank) -> None:
    owe(bank, 30, "C1")
    bank.advance_to(date(2026, 3, 31))
    owe(bank, 40, "C2")
    owe(bank, 5, "C2", "bonus")
    bank.advance_to(date(2026, 4, 1))
    owe(bank, 3, "C1")  # what is owed already stays as old as it is
    assert arrears(bank) == [("C1", "base", 33, "2026-03-01", 31), ("C2", "base", 40, "2026-03-31", 1), ("C2", "bonus", 5, "2026-03-31", 1)]
    assert arrears(bank, "?days_min=31") == [("C1", "base", 33, "2026-03-01", 31)]
    assert arrears(bank, "?days_min=32") == []
    assert arrears(bank, "?customer_no=C2&point_type=bonus") == [("C2", "bonus", 5, "2026-03-31", 1)]
    page = done(bank.get("arrears?limit=1", token="checker"))
    assert [each["customer_no"] for each in done(bank.get(f"arrears?limit=1&cursor={page['next_cursor']}", token="checker"))["items"]] == ["C2"]
    assert done(bank.get("arrears/ageing", token="auditor"))["items"] == [
        {"point_type": "base", "days_from": 0, "days_to": 30, "customers": 1, "points": 40},
        {"point_type": "base", "days_from": 31, "days_to": 90, "customers": 1, "points": 33},
        {"point_type": "bonus", "days_from": 0, "days_to": 30, "customers": 1, "points": 5},
    ]
    bank.advance_to(date(2027, 3, 2))
    assert [each["days_to"] for each in done(bank.get("arrears/ageing", token="auditor"))["items"]] == [365, None, 365]


def test_what_is_repaid_is_owed_no_more_and_begins_anew_when_it_is_owed_again(bank: Bank) -> None:
    owe(bank, 30)
    bank.advance_to(date(2026, 3, 5))
    bank.grant(10)
    assert arrears(bank) == [(bank.customer_no, "base", 20, "2026-03-01", 4)]
    bank.grant(20)
    assert arrears(bank) == []
    owe(bank, 7)
    assert arrears(bank) == [(bank.customer_no, "base", 7, "2026-03-05", 0)]


def test_a_write_off_is_posted_when_a_checker_approves(bank: Bank) -> None:
    owe(bank, 30)
    made = done(bank.post("arrears-write-offs", {"customer_no": bank.customer_no, "point_type": "base", "reason": "died"}, token="maker"), 201)
    assert (made["status"], made["points"]) == ("pending", 30)
    assert bank.balance().arrears == 30
    path = f"arrears-write-offs/{made['write_off_id']}"
    for step in ("approve", "reject"):
        assert refusal(bank.post(f"{path}/{step}", token="maker")) == (403, "maker-cannot-approve")
        assert refusal(bank.post(f"{path}/{step}", token="maker2")) == (403, "function-not-granted")
    posted = done(bank.post(f"{path}/approve", token="checker"))
    assert (posted["status"], posted["points"], posted["checked_by"]) == ("posted", 30, f"{bank.entity}-checker")
    assert (bank.balance().arrears, bank.entries()[-1], arrears(bank)) == (0, ("written-off", 30), [])
    for step in ("approve", "reject"):
        assert refusal(bank.post(f"{path}/{step}", token="checker2")) == (409, "write-off-not-pending")
    assert done(bank.get(path, token="auditor")) == posted
    bank.grant(10)
    assert bank.available() == 10


def test_no_more_is_written_off_than_was_asked_for_nor_than_is_still_owed(bank: Bank) -> None:
    owe(bank, 30)
    smaller = ask(bank)
    owe(bank, 20)
    assert done(bank.post(f"arrears-write-offs/{smaller}/approve", token="checker"))["points"] == 30
    larger = ask(bank)
    bank.grant(15)
    assert done(bank.post(f"arrears-write-offs/{larger}/approve", token="checker"))["points"] == 5
    assert [kind for kind, _ in bank.entries()].count("written-off") == 2


def test_what_has_been_repaid_is_not_written_off(bank: Bank) -> None:
    owe(bank, 30)
    late, rejected = ask(bank), ask(bank)
    bank.grant(30)
    assert refusal(bank.post(f"arrears-write-offs/{late}/approve", token="checker")) == (409, "no-arrears")
    assert done(bank.get(f"arrears-write-offs/{late}", token="maker"))["status"] == "pending"
    assert done(bank.post(f"arrears-write-offs/{rejected}/reject", token="checker"))["status"] == "rejected"
    listed = [each["write_off_id"] for each in done(bank.get("arrears-write-offs?status=pending", token="maker"))["items"]]
    assert listed == [late]


def test_what_cannot_be_asked_for(bank: Bank) -> None:
    body = {"customer_no": bank.customer_no, "point_type": "base", "reason": "died"}
    assert refusal(bank.post("arrears-write-offs", body, token="maker")) == (404, "customer-unknown")
    bank.grant(10)
    assert refusal(bank.post("arrears-write-offs", body, token="maker")) == (409, "no-arrears")
    assert refusal(bank.post("arrears-write-offs", {**body, "points": 5}, token="maker"))[0] == 422
    for token in ("channel", "checker", "auditor", "admin"):
        assert refusal(bank.post("arrears-write-offs", body, token=token)) == (403, "function-not-granted")
    for step in ("approve", "reject"):
        assert refusal(bank.post(f"arrears-write-offs/unknown/{step}", token="checker")) == (404, "write-off-unknown")
    assert refusal(bank.get("arrears-write-offs/unknown", token="maker")) == (404, "write-off-unknown")
    assert refusal(bank.get("arrears")) == (403, "function-not-granted")


def test_another_entity_sees_nothing_of_arrears(bank: Bank) -> None:
    owe(bank, 30)
    write_off = ask(bank)
    other = open_entity(bank.service)
    assert arrears(other) == []
    assert done(other.get("arrears/ageing", token="auditor"))["items"] == []
    assert refusal(other.post(f"arrears-write-offs/{write_off}/approve", token="checker")) == (404, "write-off-unknown")
