"""Applications on a real database: who may spend how much on what, through which channel and when, also at the same moment."""

from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from httpx import Response

from loyalty_shared.contracts.core import CustomerChangedV1
from redemption.adapters.customers import SqlCustomersWork
from support.online_bank import NOON, Bank, done, refusal

from .test_online_at_once import at_once, outcomes

TOMORROW, NEXT_MONTH = date(2026, 3, 2), date(2026, 4, 1)


def put(bank: Bank, code: str = "mall", token: str = "admin", key: str | None = None, **body: Any) -> Response:
    response: Response = bank.service.http.put(
        f"/v1/entities/{bank.entity}/applications/{code}",
        json=body,
        headers={"Authorization": f"Bearer {bank.entity}-{token}", "Idempotency-Key": key or f"put-{next(bank.serials)}"},
    )
    return response


@pytest.fixture
def rich(bank: Bank) -> Bank:
    """Return a bank whose customer has 1000 points."""
    bank.grant(1000)
    return bank


def test_a_new_entity_has_its_first_applications_open_and_without_limits(bank: Bank) -> None:
    items = done(bank.get("applications"))["items"]
    assert [item["code"] for item in items] == ["donation", "fee-waiver", "mall", "pos-payment", "statement-credit"]
    assert {item["status"] for item in items} == {"open"}
    assert all(item["minimum"] is item["step"] is item["rate"] is item["limits"]["per_day"] is None for item in items)


def test_an_application_is_shown_as_it_was_put_and_replaced_whole(bank: Bank) -> None:
    body: dict[str, Any] = {
        "names": {"zh": "抽奖", "en": "Draw"}, "status": "open", "channels": ["MOBILE", "POS"], "cost_bearer": "retail", "clearing_mode": "daily",
        "eligible": {"levels": ["gold"], "tags": [], "institutions": ["450100"], "customers": []}, "minimum": 10, "step": 5, "maximum_share_percent": 50,
        "limits": {"per_transaction": 100, "per_day": 200, "per_month": 300}, "rate": {"points": 500, "amount_minor": 100, "currency": "CNY"},
        "from": "2026-03-01", "to": "2026-04-01", "step_up_above": 50,
    }  # fmt: skip
    assert done(put(bank, "draw", **body)) == {"code": "draw", "points_max": 100, **body}
    assert done(bank.get("applications/draw", token="auditor")) == {"code": "draw", "points_max": 100, **body}
    assert done(put(bank, "draw", key="once"))["minimum"] is None
    assert done(put(bank, "draw", key="once"))["status"] == "open"
    assert refusal(put(bank, "draw", key="once", minimum=1)) == (422, "idempotency-key-reused")
    assert done(bank.get("applications/draw"))["limits"] == {"per_transaction": None, "per_day": None, "per_month": None}
    assert refusal(bank.get("applications/none")) == (404, "application-unknown")
    assert refusal(put(bank, token="channel")) == (403, "function-not-granted")
    faults: tuple[dict[str, Any], ...] = (
        {"minimum": 0},
        {"step": "5"},
        {"from": "2026-03-01", "to": "2026-03-01"},
        {"limits": {"per_year": 1}},
        {"rate": {}},
        {"other": 1},
    )
    for wrong in faults:
        assert refusal(put(bank, **wrong)) == (422, "invalid-request")
    assert put(bank, **faults[-4]).json()["reasons"][0]["path"] == "body.to"


@pytest.mark.parametrize("path", ["reservations", "redemptions"])
def test_points_are_spent_only_where_when_and_as_the_application_says(rich: Bank, path: str) -> None:
    def spend(points: int = 10, **others: Any) -> Response:
        return rich.post(path, rich.spending(points, **others))

    done(put(rich, minimum=10, step=5, limits={"per_transaction": 50}))
    assert refusal(spend(5)) == (409, "below-minimum")
    assert refusal(spend(11)) == (409, "not-a-step")
    assert refusal(spend(55)) == (409, "limit-exceeded")
    done(spend(50), 201)
    assert refusal(spend(application="none")) == (409, "application-not-open")
    for closed in ({"status": "closed"}, {"channels": ["POS"]}, {"from": "2026-03-02"}, {"to": "2026-03-01"}):
        done(put(rich, **closed))
        assert refusal(spend()) == (409, "application-not-open")
    done(put(rich, channels=["POS", "MOBILE"], **{"from": "2026-03-01", "to": "2026-03-02"}))
    done(spend(), 201)
    rich.advance_to(TOMORROW)
    assert refusal(spend()) == (409, "application-not-open")


def test_an_application_is_for_eligible_customers(rich: Bank) -> None:
    def becomes(level: str | None, tags: list[str], institution: str | None, hours: int) -> None:
        event = CustomerChangedV1(
            legal_entity=rich.entity, customer_no=rich.customer_no, level=level, tags=tags, institution=institution, changed_at=NOON + timedelta(hours=hours)
        )
        with rich.service.database.transaction() as cursor:
            SqlCustomersWork(cursor).record([event])

    def is_allowed(**eligible: list[str]) -> bool:
        done(put(rich, eligible=eligible))
        answer = rich.post("redemptions", rich.spending(1))
        assert answer.status_code == 201 or refusal(answer) == (409, "customer-not-eligible")
        return answer.status_code == 201

    assert not is_allowed(levels=["gold"])
    assert is_allowed()
    becomes("gold", ["staff", "vip"], "450100", 1)
    assert is_allowed(levels=["silver", "gold"], tags=["vip"], institutions=["450100"], customers=[rich.customer_no])
    assert not is_allowed(levels=["silver"])
    assert not is_allowed(levels=["gold"], tags=["new"])
    assert not is_allowed(institutions=["450200"])
    assert not is_allowed(customers=["C9"])
    becomes("silver", [], "450200", 2)
    assert is_allowed(levels=["silver"], institutions=["450200"])
    assert not is_allowed(tags=["vip"])


def test_limits_count_by_business_date_and_month_what_is_held_or_spent_and_not_given_back(rich: Bank) -> None:
    early = rich.redeem(30)  # before there was a limit: it counts
    done(put(rich, limits={"per_day": 100, "per_month": 150}))
    assert refusal(rich.post("redemptions", rich.spending(71))) == (409, "limit-exceeded")
    reservation = rich.reserve(70)
    assert refusal(rich.post("reservations", rich.spending(1))) == (409, "limit-exceeded")
    done(rich.post("redemptions", rich.spending(500, application="donation")), 201)  # another's limit
    done(rich.post(f"reservations/{reservation}/capture", {"points": 40}))
    captured = rich.redeem(30)
    done(rich.post(f"redemptions/{captured}/void"))
    done(rich.post(f"redemptions/{early}/refunds", {"points": 10, **rich.serial()}), 201)
    released = rich.reserve(40)
    done(rich.post(f"reservations/{released}/release"))
    body = rich.spending(40)
    done(rich.post("redemptions", body), 201)
    done(rich.post("reversals", rich.reversing(body)))
    rich.reserve(40, expires_in_seconds=1)
    rich.let_pass(timedelta(seconds=2))
    overnight = rich.reserve(40)
    assert refusal(rich.post("redemptions", rich.spending(1))) == (409, "limit-exceeded")
    rich.advance_to(TOMORROW)
    done(rich.post(f"reservations/{overnight}/capture"))  # counts on the date it was reserved
    assert refusal(rich.post("redemptions", rich.spending(51))) == (409, "limit-exceeded")
    rich.redeem(50)
    assert refusal(rich.post("redemptions", rich.spending(1))) == (409, "limit-exceeded")
    rich.advance_to(NEXT_MONTH)
    rich.redeem(100)


def test_of_32_calls_at_the_same_moment_the_daily_limit_lets_exactly_so_many_pass(rich: Bank) -> None:
    done(put(rich, limits={"per_day": 100}))
    paths = ["reservations", "redemptions"] * 16
    answers = at_once([partial(rich.post, path, rich.spending(7)) for path in paths], 32)
    assert outcomes(answers) == {"201": 14, "limit-exceeded": 18}


def test_a_reservation_says_when_the_customer_has_to_be_verified_again(rich: Bank) -> None:
    assert done(rich.post("reservations", rich.spending(50)), 201)["step_up_required"] is False
    done(put(rich, step_up_above=50))
    assert [done(rich.post("reservations", rich.spending(points)), 201)["step_up_required"] for points in (50, 51)] == [False, True]
