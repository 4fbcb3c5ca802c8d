"""Points and cash for an amount on a real database: what is offered, and that it is honoured once, until it lapses."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from support.online_bank import Bank, done, refusal

from .test_applications import put
from .test_online_at_once import at_once, outcomes

#: 5 points pay 1 fen.
RATE = {"points": 500, "amount_minor": 100, "currency": "CNY"}


@pytest.fixture
def shop(bank: Bank) -> Bank:
    """Return a bank whose mall takes points for money, and whose customer has 1000."""
    done(put(bank, rate=RATE))
    bank.grant(1000)
    return bank


def quoting(bank: Bank, amount_minor: int = 150, points: int | None = None, **others: Any) -> dict[str, Any]:
    return {"customer_no": bank.customer_no, "application": "mall", "amount_minor": amount_minor, "points": points, **others}


def quote(bank: Bank, amount_minor: int = 150, points: int | None = None) -> dict[str, Any]:
    return done(bank.post("quotes", quoting(bank, amount_minor, points)), 201)


def offered(bank: Bank, amount_minor: int, points: int | None = None) -> tuple[int, int]:
    """Return (points, cash) that pay an amount."""
    answer = quote(bank, amount_minor, points)
    assert (answer["rate"], answer["total_minor"]) == (RATE, amount_minor)
    return answer["points"], answer["amount_minor"]


def test_points_pay_as_much_as_the_customer_may_and_can_and_cash_the_rest(shop: Bank) -> None:
    assert offered(shop, 150) == (750, 0)
    assert offered(shop, 300) == (1000, 100)
    assert offered(shop, 300, 4) == (4, 300)  # worth less than a fen
    assert offered(shop, 300, 509) == (509, 199)
    done(put(shop, rate=RATE, maximum_share_percent=33, step=50))
    assert offered(shop, 301) == (450, 211)  # 99 fen of 301, which 495 points pay
    done(put(shop, rate=RATE, limits={"per_transaction": 600, "per_day": 700}))
    assert offered(shop, 300) == (600, 180)
    shop.redeem(300)
    assert offered(shop, 300) == (400, 220)


def test_what_would_not_be_spent_is_not_quoted(shop: Bank) -> None:
    def asked(*what: Any, **others: Any) -> tuple[int, str]:
        return refusal(shop.post("quotes", quoting(shop, *what, **others)))

    assert asked(150, 751) == (409, "limit-exceeded")
    assert asked(900, 1001) == (409, "insufficient-points")
    assert asked(customer_no="C9") == (404, "customer-unknown")
    assert asked(application="none") == (409, "application-not-open")
    assert asked(application="donation") == (409, "no-rate")
    done(put(shop, rate=RATE, minimum=100, step=50))
    assert [asked(150, points) for points in (50, 110)] == [(409, "below-minimum"), (409, "not-a-step")]
    assert asked(10) == (409, "below-minimum")
    shop.redeem(950)
    assert asked(150) == (409, "insufficient-points")
    done(put(shop, rate=RATE, status="closed"))
    assert asked(150, 50) == (409, "application-not-open")
    for wrong in ({"amount_minor": 0}, {"amount_minor": 1.5}, {"points": 0}, {"other": 1}):
        assert refusal(shop.post("quotes", quoting(shop) | wrong)) == (422, "invalid-request")


@pytest.mark.parametrize("path", ["reservations", "redemptions"])
def test_a_quote_is_honoured_once_whatever_the_rate_has_become(shop: Bank, path: str) -> None:
    offer = quote(shop)
    done(put(shop, rate={"points": 1000, "amount_minor": 100}, step_up_above=700))
    body = shop.spending(750, quote_id=offer["quote_id"])
    answer = done(shop.post(path, body), 201)
    shown = {name: offer[name] for name in ("quote_id", "points", "amount_minor", "total_minor", "rate", "step_up")}
    assert answer["quote"] == shown
    assert answer.get("step_up_required", False) is False
    assert done(shop.post(path, body), 201) == answer
    assert refusal(shop.post(path, shop.spending(750, quote_id=offer["quote_id"]))) == (409, "quote-used")


@pytest.mark.parametrize("path", ["reservations", "redemptions"])
def test_a_quote_lapses_and_is_for_what_was_quoted(shop: Bank, path: str) -> None:
    offer = quote(shop)["quote_id"]
    shop.grant(1000, customer_no="C0000002")
    for other in ({"points": 749}, {"application": "donation"}, {"customer_no": "C0000002"}):
        assert refusal(shop.post(path, shop.spending(750, quote_id=offer) | other)) == (409, "quote-differs")
    assert refusal(shop.post(path, shop.spending(750, quote_id="none"))) == (404, "quote-unknown")
    shop.let_pass(timedelta(minutes=15))
    assert refusal(shop.post(path, shop.spending(750, quote_id=offer))) == (409, "quote-expired")
    shop.let_pass(-timedelta(minutes=15))  # no relay runs here, and what it has not published for a minute would count as stuck
    assert shop.available() == 1000


def test_a_quote_says_when_the_customer_has_to_be_verified_again_and_is_repeated_by_key(shop: Bank) -> None:
    done(put(shop, rate=RATE, step_up_above=700))
    first = done(shop.post("quotes", quoting(shop), key="once"), 201)
    assert first["step_up"] is True
    assert done(shop.post("quotes", quoting(shop), key="once"), 201) == first
    assert done(shop.post("reservations", shop.spending(750, quote_id=first["quote_id"])), 201)["step_up_required"] is True


def test_of_many_reservations_at_one_quote_at_the_same_moment_one_is_made(shop: Bank) -> None:
    offer = quote(shop, 20)["quote_id"]
    answers = at_once([partial(shop.post, "reservations", shop.spending(100, quote_id=offer)) for _ in range(8)], 8)
    assert outcomes(answers) == {"201": 1, "quote-used": 7}
