"""Adjustments one by one over HTTP, on a real database."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import msgspec
import pytest

from loyalty_shared.web.credentials import token_sha256
from redemption.domain.refusals import Refusal
from support.eventually import eventually
from support.online_bank import Bank, done, open_entity, refusal


def adjusting(bank: Bank, points: int, **others: Any) -> dict[str, Any]:
    return {"customer_no": bank.customer_no, "points": points, "point_type": "base", "reason": "credited twice", **others}


def make(bank: Bank, points: int, **others: Any) -> str:
    return str(done(bank.post("adjustments", adjusting(bank, points, **others), token="maker"), 201)["adjustment_id"])


def approve(bank: Bank, adjustment_id: str, token: str = "checker", **others: Any) -> Any:
    return bank.post(f"adjustments/{adjustment_id}/approve", token=token, **others)


def state(bank: Bank, name: str, value: object, effective_on: date = date(2026, 1, 1)) -> None:
    with bank.service.database.transaction() as cursor:
        cursor.execute(
            "insert into parameter (legal_entity, name, effective_on, value) values (%s, %s, %s, %s)",
            (bank.entity, name, effective_on, msgspec.json.encode(value).decode()),
        )


def test_what_a_maker_asks_for_is_posted_when_a_checker_approves(bank: Bank) -> None:
    made = done(bank.post("adjustments", adjusting(bank, 70, evidence={"case": 17}, expires_on="2026-12-31"), token="maker"), 201)
    assert (made["status"], made["evidence"], made["made_by"], made["checked_by"]) == ("pending", {"case": 17}, f"{bank.entity}-maker", None)
    assert bank.entries() == []
    posted = done(approve(bank, made["adjustment_id"]))
    assert (posted["status"], posted["checked_by"]) == ("posted", f"{bank.entity}-checker")
    assert (bank.entries(), bank.available()) == ([("adjusted", 70)], 70)
    assert done(bank.get(f"adjustments/{made['adjustment_id']}", token="maker")) == posted
    done(approve(bank, make(bank, -20)))
    assert (bank.entries(), bank.available(), bank.balance().earned) == ([("adjusted", 70), ("adjusted", -20)], 50, 50)
    bank.advance_to(date(2027, 1, 1))
    assert bank.available() == 0


def test_nobody_approves_or_rejects_what_they_made(bank: Bank) -> None:
    with bank.service.database.transaction() as cursor:
        cursor.execute(
            "insert into credential (credential, token_sha256, entities, functions, enabled) values (%s, %s, %s, '{maker,checker}', true)",
            (f"{bank.entity}-both", token_sha256(f"{bank.entity}-both"), [bank.entity]),
        )
    adjustment_id = str(done(bank.post("adjustments", adjusting(bank, 5), token="both"), 201)["adjustment_id"])
    for step in ("approve", "reject"):
        assert refusal(bank.post(f"adjustments/{adjustment_id}/{step}", token="both")) == (403, "maker-cannot-approve")
        assert refusal(bank.post(f"adjustments/{adjustment_id}/{step}", token="maker")) == (403, "function-not-granted"), "another maker"
        for token in ("channel", "admin", "auditor"):
            assert refusal(bank.post(f"adjustments/{adjustment_id}/{step}", token=token)) == (403, "function-not-granted")
    done(approve(bank, adjustment_id))
    for token in ("channel", "checker", "admin", "auditor"):
        assert refusal(bank.post("adjustments", adjusting(bank, 5), token=token)) == (403, "function-not-granted")


def test_an_adjustment_is_decided_once(bank: Bank) -> None:
    posted, rejected = make(bank, 5), make(bank, 6)
    done(approve(bank, posted))
    assert done(bank.post(f"adjustments/{rejected}/reject", token="checker"))["status"] == "rejected"
    for adjustment_id in (posted, rejected):
        for step in ("approve", "reject"):
            assert refusal(bank.post(f"adjustments/{adjustment_id}/{step}", token="checker2")) == (409, "adjustment-not-pending")
    assert bank.entries() == [("adjusted", 5)]


def test_approved_by_many_at_once_it_is_posted_once(bank: Bank) -> None:
    bank.grant(100)
    adjustment_id = make(bank, 5)
    with ThreadPoolExecutor(4) as pool:
        with bank.service.database.transaction() as cursor:  # the account is held, so that all four are on their way before the first can post
            cursor.execute("select from account where legal_entity = %s for update", (bank.entity,))
            answers = [pool.submit(approve, bank, adjustment_id) for _ in range(4)]
            eventually(lambda: waiting(bank) == 4)
        assert sorted(answer.result().status_code for answer in answers) == [200, 409, 409, 409]
    assert bank.entries() == [("granted", 100), ("adjusted", 5)]


def waiting(bank: Bank) -> int:
    with bank.service.database.transaction() as cursor:
        cursor.execute("select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'")
        row = cursor.fetchone()
        assert row is not None
        return int(row[0])


def test_repeats_are_answered_as_before(bank: Bank) -> None:
    first = bank.post("adjustments", adjusting(bank, 5), token="maker", key="adjust-once")
    again = bank.post("adjustments", adjusting(bank, 5), token="maker", key="adjust-once")
    assert (first.json(), again.headers["Idempotency-Replayed"]) == (again.json(), "true")
    assert refusal(bank.post("adjustments", adjusting(bank, 6), token="maker", key="adjust-once")) == (422, "idempotency-key-reused")
    adjustment_id = first.json()["adjustment_id"]
    assert done(approve(bank, adjustment_id, key="approve-once")) == done(approve(bank, adjustment_id, key="approve-once"))
    assert bank.entries() == [("adjusted", 5)]


def test_what_cannot_be_taken_stays_pending_until_it_can(bank: Bank) -> None:
    bank.grant(50)
    reservation = bank.reserve(20)
    adjustment_id = make(bank, -40)
    assert refusal(approve(bank, adjustment_id)) == (409, "insufficient-points")
    freeze_id = done(bank.post("freezes", {"customer_no": bank.customer_no, "points": 20, "reason": "disputed"}, token="maker"), 201)["freeze_id"]
    done(bank.post(f"reservations/{reservation}/release"))
    assert refusal(approve(bank, adjustment_id)) == (409, "insufficient-points")
    done(bank.post(f"freezes/{freeze_id}/lift", token="maker"))
    whole = done(bank.post("freezes", {"customer_no": bank.customer_no, "reason": "disputed"}, token="maker"), 201)["freeze_id"]
    assert refusal(approve(bank, adjustment_id)) == (409, "account-frozen")
    done(bank.post(f"freezes/{whole}/lift", token="maker"))
    assert done(bank.get(f"adjustments/{adjustment_id}", token="auditor"))["status"] == "pending"
    done(approve(bank, adjustment_id))
    assert bank.available() == 10


def test_a_type_that_may_go_negative_owes_what_is_missing(bank: Bank) -> None:
    state(bank, "point-types", {"base": {"spending_priority": 1, "negative_allowed": True}})
    bank.grant(10)
    done(approve(bank, make(bank, -25)))
    assert (bank.balance().available, bank.balance().arrears) == (0, 15)
    bank.grant(20)
    assert (bank.balance().available, bank.balance().arrears) == (5, 0)


def test_point_types_are_those_of_the_business_date(bank: Bank) -> None:
    assert refusal(bank.post("adjustments", adjusting(bank, 5, point_type="miles"), token="maker")) == (422, "point-type-unknown")
    adjustment_id = make(bank, 5, point_type="qualifying")
    state(bank, "point-types", {"miles": {"spending_priority": 1}}, date(2026, 3, 2))
    assert refusal(bank.post("adjustments", adjusting(bank, 5, point_type="miles"), token="maker")) == (422, "point-type-unknown")
    bank.advance_to(date(2026, 3, 2))
    done(approve(bank, make(bank, 7, point_type="miles")))
    assert bank.available("miles") == 7
    assert refusal(approve(bank, adjustment_id)) == (422, "point-type-unknown")


def test_what_cannot_be_asked_for(bank: Bank) -> None:
    state(bank, "adjustment-points-max", 1000)
    assert refusal(bank.post("adjustments", adjusting(bank, -5), token="maker")) == (404, "customer-unknown")
    for points in (1001, -1001):
        assert refusal(bank.post("adjustments", adjusting(bank, points), token="maker")) == (409, "limit-exceeded")
    bank.grant(2**53 - 1)
    assert refusal(approve(bank, make(bank, 1))) == (409, "limit-exceeded")
    for faulty in (
        adjusting(bank, 0),
        adjusting(bank, 2**53),
        {**adjusting(bank, 1), "points": 1.0},
        {**adjusting(bank, 1), "points": "1"},
        {**adjusting(bank, 1), "points": None},
        adjusting(bank, 1, reason=" "),
        adjusting(bank, 1, unknown=1),
        adjusting(bank, 1, evidence="x" * 20_000),
        {"customer_no": bank.customer_no, "points": 1, "point_type": "base"},
    ):
        assert refusal(bank.post("adjustments", faulty, token="maker"))[0] == 422
    for step in ("approve", "reject"):
        assert refusal(bank.post(f"adjustments/unknown/{step}", token="checker")) == (404, "adjustment-unknown")
    assert refusal(bank.get("adjustments/unknown", token="maker")) == (404, "adjustment-unknown")


def test_adjustments_are_listed_by_status_and_customer(bank: Bank) -> None:
    first, second = make(bank, 5), make(bank, 6, customer_no="C0000002")
    done(approve(bank, first))
    listed = {
        query: {each["adjustment_id"] for each in done(bank.get(f"adjustments?{query}", token="checker"))["items"]}
        for query in ("", "status=pending", "status=posted", f"customer_no={bank.customer_no}", "status=rejected")
    }
    assert list(listed.values()) == [{first, second}, {second}, {first}, {first}, set()]
    assert bank.get("adjustments?status=other", token="checker").status_code == 422


def test_another_entity_sees_nothing_of_an_adjustment(bank: Bank) -> None:
    adjustment_id = make(bank, 5)
    other = open_entity(bank.service)
    assert refusal(approve(other, adjustment_id)) == (404, "adjustment-unknown")
    assert refusal(other.get(f"adjustments/{adjustment_id}", token="auditor")) == (404, "adjustment-unknown")
    assert done(other.get("adjustments", token="auditor"))["items"] == []


@pytest.mark.parametrize("refused", [Refusal.MAKER_CANNOT_APPROVE, Refusal.ADJUSTMENT_NOT_PENDING])
def test_refusals_of_decisions_are_documented(bank: Bank, refused: Refusal) -> None:
    document = bank.service.http.get("/openapi.json").json()
    step = document["paths"]["/v1/entities/{legal_entity}/adjustments/{adjustment_id}/approve"]["post"]
    assert refused.value in str(step["responses"])
