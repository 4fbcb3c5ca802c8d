"""Reservations, captures, releases and redemptions over HTTP, on a real database."""

from datetime import date, timedelta

import pytest

from loyalty_shared.kernel.points import POINTS_MAX
from loyalty_shared.web.credentials import token_sha256
from redemption.domain.refusals import Refusal
from support.online_bank import Bank, done, open_entity, refusal


def test_a_reservation_is_held_then_captured(bank: Bank) -> None:
    bank.grant(100)
    reserved = done(bank.post("reservations", bank.spending(60)), 201)
    assert (reserved["status"], reserved["points"], reserved["expires_at"]) == ("reserved", 60, "2026-03-01T04:15:00Z")
    assert (bank.balance().available, bank.balance().held) == (40, 60)
    captured = done(bank.post(f"reservations/{reserved['reservation_id']}/capture", {}))
    assert (captured["status"], captured["points"]) == ("captured", 60)
    assert [(lot["points"], lot["expires_on"]) for lot in captured["lots"]] == [(60, None)]
    assert (bank.balance().available, bank.balance().held, bank.balance().used) == (40, 0, 60)
    shown = done(bank.get(f"reservations/{reserved['reservation_id']}"))
    assert (shown["status"], shown["redemption_id"]) == ("captured", captured["redemption_id"])


def test_what_a_capture_does_not_take_is_released(bank: Bank) -> None:
    bank.grant(100)
    reservation = bank.reserve(60)
    assert done(bank.post(f"reservations/{reservation}/capture", {"points": 25}))["points"] == 25
    assert (bank.balance().available, bank.balance().held, bank.balance().used) == (75, 0, 25)


def test_a_capture_without_a_body_is_of_all(bank: Bank) -> None:
    bank.grant(100)
    assert done(bank.post(f"reservations/{bank.reserve(60)}/capture"))["points"] == 60


def test_a_release_gives_back_and_may_be_repeated(bank: Bank) -> None:
    bank.grant(100)
    reservation = bank.reserve(60)
    assert done(bank.post(f"reservations/{reservation}/release"))["status"] == "released"
    assert done(bank.post(f"reservations/{reservation}/release"))["status"] == "released"
    assert bank.available() == 100
    assert refusal(bank.post(f"reservations/{reservation}/capture")) == (409, "reservation-released")


def test_a_hold_ends_by_the_clock(bank: Bank) -> None:
    bank.grant(100)
    reservation = bank.reserve(100, expires_in_seconds=30)
    bank.let_pass(timedelta(seconds=29))
    assert bank.available() == 0
    bank.let_pass(timedelta(seconds=1))
    assert bank.available() == 100
    assert done(bank.get(f"reservations/{reservation}"))["status"] == "expired"
    assert refusal(bank.post(f"reservations/{reservation}/capture")) == (409, "reservation-expired")
    assert done(bank.post(f"reservations/{reservation}/release"))["status"] == "released"
    bank.reserve(100)  # its points are spent again before any job has run


def test_the_sweeper_writes_down_what_the_clock_has_ended(bank: Bank) -> None:
    bank.grant(100)
    for _ in range(3):
        bank.reserve(10, expires_in_seconds=30)
    bank.reserve(10, expires_in_seconds=31)
    bank.let_pass(timedelta(seconds=30))
    assert bank.service.end_expired_holds() == 1
    assert bank.service.end_expired_holds() == 0
    assert (bank.balance().available, bank.balance().held) == (90, 10)


def test_held_points_stay_capturable_past_their_last_date_and_released_ones_lapse(bank: Bank) -> None:
    bank.grant(100, expires_on="2026-03-02")
    reservation = bank.reserve(60)
    bank.advance_to(date(2026, 3, 3))
    assert (bank.available(), bank.balance().held) == (0, 60)
    assert done(bank.post(f"reservations/{reservation}/capture", {"points": 50}))["points"] == 50
    assert (bank.balance().used, bank.balance().expired, bank.available()) == (50, 50, 0)
    assert bank.entries() == [("granted", 100), ("expired", -40), ("redeemed", -50), ("expired", -10)]


def test_the_earliest_expiry_is_spent_first_and_permanent_points_last(bank: Bank) -> None:
    """vectors.json: lots 50 (never), 30 (2026-12-31), 40 (2027-12-31); spend 60; left 50, 0, 10."""
    for points, expires_on in ((50, None), (30, "2026-12-31"), (40, "2027-12-31")):
        bank.grant(points, expires_on=expires_on)
    answer = done(bank.post("redemptions", bank.spending(60)), 201)
    assert answer["status"] == "redeemed"
    assert [(lot["expires_on"], lot["points"]) for lot in answer["lots"]] == [("2026-12-31", 30), ("2027-12-31", 30)]
    answer = done(bank.post("redemptions", bank.spending(60)), 201)
    assert [(lot["expires_on"], lot["points"]) for lot in answer["lots"]] == [("2027-12-31", 10), (None, 50)]


def test_only_the_named_point_types_are_spent(bank: Bank) -> None:
    bank.grant(100)
    bank.grant(30, point_type="bonus")
    assert refusal(bank.post("reservations", bank.spending(31, point_types=["bonus"]))) == (409, "insufficient-points")
    bank.reserve(30, point_types=["bonus"])
    assert (bank.available("base"), bank.available("bonus")) == (100, 0)


def test_a_redemption_of_two_types_is_two_entries(bank: Bank) -> None:
    bank.grant(100)
    bank.grant(30, point_type="bonus")
    bank.redeem(120)
    assert sorted(bank.entries()) == [("granted", 30), ("granted", 100), ("redeemed", -100), ("redeemed", -20)]


def test_points_that_arrive_already_lapsed_are_credited_and_expired_together(bank: Bank) -> None:
    bank.grant(100, expires_on="2026-02-28")
    assert bank.entries() == [("granted", 100), ("expired", -100)]
    assert (bank.available(), bank.balance().expired) == (0, 100)


@pytest.mark.parametrize("path", ["reservations", "redemptions"])
def test_why_points_are_not_spent(bank: Bank, path: str) -> None:
    assert refusal(bank.post(path, bank.spending(1))) == (404, "customer-unknown")
    bank.grant(100)
    assert refusal(bank.post(path, bank.spending(101))) == (409, "insufficient-points")
    assert refusal(bank.post(path, bank.spending(1, application="lottery"))) == (409, "application-not-open")
    with bank.service.database.transaction() as cursor:
        cursor.execute("update application set minimum = 10, step = 5, points_max = 50 where (legal_entity, code) = (%s, 'mall')", (bank.entity,))
        cursor.execute("update application set is_open = false where (legal_entity, code) = (%s, 'donation')", (bank.entity,))
    assert refusal(bank.post(path, bank.spending(5))) == (409, "below-minimum")
    assert refusal(bank.post(path, bank.spending(12))) == (409, "not-a-step")
    assert refusal(bank.post(path, bank.spending(55))) == (409, "limit-exceeded")
    assert refusal(bank.post(path, bank.spending(10, application="donation"))) == (409, "application-not-open")
    bank.know_customer("blacklisted")
    assert refusal(bank.post(path, bank.spending(10))) == (409, "customer-blacklisted")
    bank.know_customer("closed")
    assert refusal(bank.post(path, bank.spending(10))) == (409, "account-closed")
    bank.know_customer("active")
    done(bank.post(path, bank.spending(10)), 201)
    assert bank.available() == 90


def test_a_known_customer_without_points_has_not_enough(bank: Bank) -> None:
    bank.know_customer("active")
    assert refusal(bank.post("reservations", bank.spending(1))) == (409, "insufficient-points")


def test_why_a_reservation_is_not_captured_or_released(bank: Bank) -> None:
    bank.grant(100)
    assert refusal(bank.post("reservations/no-such/capture")) == (404, "reservation-unknown")
    assert refusal(bank.post("reservations/no-such/release")) == (404, "reservation-unknown")
    assert refusal(bank.get("reservations/no-such")) == (404, "reservation-unknown")
    reservation = bank.reserve(10)
    assert refusal(bank.post(f"reservations/{reservation}/capture", {"points": 11})) == (409, "insufficient-points")
    done(bank.post(f"reservations/{reservation}/capture"))
    assert refusal(bank.post(f"reservations/{reservation}/capture")) == (409, "already-captured")
    assert refusal(bank.post(f"reservations/{reservation}/release")) == (409, "already-captured")


def test_a_grant_that_would_make_an_inexact_balance_is_refused(bank: Bank) -> None:
    bank.grant(POINTS_MAX)
    assert refusal(bank.post("grants", bank.granting(1))) == (409, "limit-exceeded")


@pytest.mark.parametrize("points", [0, -1, 2**53, 1.5, 1.0, "1", True, None])
def test_points_are_a_json_integer_and_this_is_told_before_any_business_refusal(bank: Bank, points: object) -> None:
    unknown = {"customer_no": "nobody", "application": "nothing"}
    for path, body in (
        ("reservations", bank.spending() | unknown),
        ("redemptions", bank.spending() | unknown),
        ("grants", bank.granting()),
        ("redemptions/no-such/refunds", bank.serial()),
    ):
        assert refusal(bank.post(path, body | {"points": points})) == (422, "invalid-request"), path
    if points is not None:
        assert refusal(bank.post("reservations/no-such/capture", {"points": points})) == (422, "invalid-request")


@pytest.mark.parametrize("missing", ["channel_serial", "channel_date"])
def test_a_serial_must_be_carried(bank: Bank, missing: str) -> None:
    for path, body in (
        ("reservations", bank.spending()),
        ("redemptions", bank.spending()),
        ("grants", bank.granting()),
        ("redemptions/x/refunds", {"points": 1, **bank.serial()}),
        ("reversals", bank.reversing(bank.serial())),
    ):
        del body[missing]
        response = bank.post(path, body)
        assert refusal(response) == (422, "invalid-request"), path
        assert [reason["path"] for reason in response.json()["reasons"]] == [f"body.{missing}"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"customer_no": ""}, {"customer_no": 7}, {"application": None}, {"expires_in_seconds": 0}, {"expires_in_seconds": 30 * 24 * 3600 + 1},
        {"expires_in_seconds": 1.5}, {"point_types": []}, {"point_types": "base"}, {"channel_date": "2026-02-30"}, {"channel_date": 20260301},
        {"channel_serial": "a b"}, {"unheard_of": 1},
    ],
)  # fmt: skip
def test_what_is_not_valid_is_told_by_name(bank: Bank, wrong: dict[str, object]) -> None:
    response = bank.post("reservations", bank.spending() | wrong)
    assert refusal(response) == (422, "invalid-request")
    assert response.json()["reasons"][0]["path"].startswith(f"body.{next(iter(wrong))}")


def test_a_grant_names_a_known_point_type(bank: Bank) -> None:
    assert refusal(bank.post("grants", bank.granting(point_type="miles"))) == (422, "point-type-unknown")


def test_another_entity_is_out_of_reach(bank: Bank) -> None:
    other = open_entity(bank.service)
    bank.grant(100)
    reservation = bank.reserve(10)
    redemption = bank.redeem(10)
    for path, body in (
        ("reservations", other.spending()),
        ("redemptions", other.spending()),
        ("grants", other.granting()),
        ("reversals", other.reversing(other.serial())),
    ):
        assert refusal(other.post(path, body, entity=bank.entity)) == (403, "not-your-entity")
    assert refusal(other.get(f"reservations/{reservation}", entity=bank.entity)) == (403, "not-your-entity")
    for path in (f"reservations/{reservation}/capture", f"reservations/{reservation}/release"):
        assert refusal(other.post(path)) == (404, "reservation-unknown")
    assert refusal(other.post(f"redemptions/{redemption}/void")) == (404, "redemption-unknown")
    assert refusal(other.get(f"reservations/{reservation}")) == (404, "reservation-unknown")


def test_who_may_call(bank: Bank) -> None:
    bank.grant(100)
    reservation = bank.reserve(10)
    for token in ("auditor", "admin"):
        assert refusal(bank.post("grants", bank.granting(), token=token)) == (403, "function-not-granted")
    assert refusal(bank.post("grants", bank.granting(), token="nobody")) == (401, "unauthenticated")
    done(bank.get(f"reservations/{reservation}", token="auditor"))
    assert {item["code"] for item in done(bank.get("applications", token="admin"))["items"]} == {
        "fee-waiver", "mall", "statement-credit", "pos-payment", "donation",
    }  # fmt: skip


def test_a_write_needs_an_idempotency_key(bank: Bank) -> None:
    response = bank.service.http.post(f"/v1/entities/{bank.entity}/grants", json=bank.granting(), headers={"Authorization": f"Bearer {bank.entity}-channel"})
    assert refusal(response) == (400, "idempotency-key-missing")


def test_every_refusal_is_documented_with_an_example(bank: Bank) -> None:
    paths = bank.service.http.get("/openapi.json").json()["paths"]
    documented: set[str] = set()
    for path, methods in paths.items():
        for operation in methods.values():
            for status, response in operation["responses"].items():
                for code, example in response.get("content", {}).get("application/problem+json", {}).get("examples", {}).items():
                    assert (example["value"]["code"], str(example["value"]["status"])) == (code, status), path
                    documented.add(code)
    assert documented >= {refusal.value for refusal in Refusal}
    body = bank.service.http.get("/openapi.json").json()["components"]["schemas"]["SpendingBody"]
    assert body["properties"]["points"] | {"title": "Points"} == {
        "type": "integer", "minimum": 1, "maximum": POINTS_MAX, "description": "Points: a whole number", "title": "Points",
    }  # fmt: skip
    assert body["examples"]


def test_reservations_of_customers_of_other_institutions_are_beyond_a_branchs_scope(bank: Bank) -> None:
    name = f"{bank.entity}-branch"
    with bank.service.database.transaction() as cursor:
        cursor.execute(
            "insert into credential (credential, token_sha256, entities, functions, channel, enabled, institutions, operator)"
            " values (%s, %s, %s, '{auditor}', null, true, '{450200}', 'wei')",
            (name, token_sha256(name), [bank.entity]),
        )
    bank.grant(100)
    reservation = f"reservations/{bank.reserve(60)}"
    assert refusal(bank.get(reservation, token="branch")) == (403, "beyond-your-scope")
    bank.know_customer("active")
    with bank.service.database.transaction() as cursor:
        cursor.execute("update customer set home_institution = '450200' where legal_entity = %s", (bank.entity,))
    assert done(bank.get(reservation, token="branch")) == done(bank.get(reservation))
