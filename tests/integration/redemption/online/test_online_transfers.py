"""Transfers between customers on a real database: allowed by parameter, within limits, lots as they were, undone by reversal, at the same moment."""

from datetime import date
from functools import partial
from typing import Any

import pytest

from loyalty_shared.contracts.console import ParameterChangedV1
from redemption.adapters.parameters import keep_parameter
from support.online_bank import TODAY, Bank, done, refusal

from .test_online_at_once import at_once, outcomes

OTHER = "C0000002"
TOMORROW = date(2026, 3, 2)
NEXT_YEAR = "2027-12-31"


def say(bank: Bank, name: str, value: Any, effective_on: date = TODAY) -> None:
    """Set a parameter as the console's follower does."""
    with bank.service.database.transaction() as cursor:
        keep_parameter(cursor, ParameterChangedV1(legal_entity=bank.entity, name=name, value=value, effective_on=effective_on))


def transferring(bank: Bank, points: int = 10, **others: Any) -> dict[str, Any]:
    return {"from_customer_no": bank.customer_no, "to_customer_no": OTHER, "points": points, **bank.serial(), **others}


@pytest.fixture
def giving(bank: Bank) -> Bank:
    """Return a bank that allows transfers, whose customer has 60 points that expire and 40 that do not."""
    say(bank, "transfers-allowed", True)
    bank.grant(60, expires_on=NEXT_YEAR)
    bank.grant(40, point_type="bonus")
    return bank


def test_transfers_are_off_until_the_parameter_says_so_for_the_business_date(bank: Bank) -> None:
    bank.grant(100)
    assert refusal(bank.post("transfers", transferring(bank))) == (409, "transfers-not-allowed")
    say(bank, "transfers-allowed", True, TOMORROW)
    assert refusal(bank.post("transfers", transferring(bank))) == (409, "transfers-not-allowed")
    bank.advance_to(TOMORROW)
    done(bank.post("transfers", transferring(bank)), 201)
    say(bank, "transfers-allowed", False, TOMORROW)
    assert refusal(bank.post("transfers", transferring(bank))) == (409, "transfers-not-allowed")
    assert (bank.available(), bank.balance(customer_no=OTHER).available) == (90, 10)


def test_lots_go_as_they_are_and_the_entries_sum_to_nothing(giving: Bank) -> None:
    answer = done(giving.post("transfers", transferring(giving, 70)), 201)
    assert answer["status"] == "transferred"
    assert [(lot["point_type"], lot["points"], lot["expires_on"]) for lot in answer["lots"]] == [("base", 60, NEXT_YEAR), ("bonus", 10, None)]
    assert giving.entries()[-4:] == [("transferred", -60), ("transferred", -10), ("transferred", 60), ("transferred", 10)]
    assert (giving.balance().earned, giving.balance("bonus").available) == (0, 30)
    received = giving.balance(customer_no=OTHER)
    assert (received.available, received.earned, giving.balance("bonus", OTHER).available) == (60, 60, 10)
    giving.advance_to(date(2028, 1, 1))
    assert (giving.balance(customer_no=OTHER).expired, giving.balance("bonus", OTHER).available) == (60, 10)


def test_what_the_receiver_owes_is_repaid_first(giving: Bank) -> None:
    gift = giving.granting(30, customer_no=OTHER)
    done(giving.post("grants", gift), 201)
    giving.redeem(30, customer_no=OTHER)
    done(giving.post("reversals", giving.reversing(gift)))
    assert giving.balance(customer_no=OTHER).arrears == 30
    done(giving.post("transfers", transferring(giving, 50)), 201)
    assert (giving.balance(customer_no=OTHER).arrears, giving.balance(customer_no=OTHER).available) == (0, 20)


def test_who_may_not_spend_may_not_transfer_and_who_is_barred_does_not_receive(giving: Bank) -> None:
    assert refusal(giving.post("transfers", transferring(giving, from_customer_no="C9"))) == (404, "customer-unknown")
    assert refusal(giving.post("transfers", transferring(giving, to_customer_no=giving.customer_no))) == (409, "same-customer")
    assert refusal(giving.post("transfers", transferring(giving, 101))) == (409, "insufficient-points")
    for barred in (giving.customer_no, OTHER):
        for status, code in (("closed", "account-closed"), ("blacklisted", "customer-blacklisted")):
            giving.know_customer(status, barred)
            assert refusal(giving.post("transfers", transferring(giving))) == (409, code)
        giving.know_customer("active", barred)
    freeze = done(giving.post("freezes", {"customer_no": giving.customer_no, "points": None, "reason": "test"}, token="maker"), 201)
    assert refusal(giving.post("transfers", transferring(giving))) == (409, "account-frozen")
    done(giving.post(f"freezes/{freeze['freeze_id']}/lift", token="maker"))
    for wrong in ({"points": 0}, {"to_customer_no": ""}, {"other": 1}):
        assert refusal(giving.post("transfers", transferring(giving) | wrong)) == (422, "invalid-request")
    assert refusal(giving.post("transfers", transferring(giving), token="auditor")) == (403, "function-not-granted")
    assert giving.available() == 60


def test_limits_are_by_transfer_and_by_business_date_and_reversals_give_them_back(giving: Bank) -> None:
    say(giving, "transfer-limits", {"per_transfer": 30, "per_day": 50})
    assert refusal(giving.post("transfers", transferring(giving, 31))) == (409, "limit-exceeded")
    first = transferring(giving, 30)
    done(giving.post("transfers", first), 201)
    assert refusal(giving.post("transfers", transferring(giving, 21))) == (409, "limit-exceeded")
    done(giving.post("transfers", transferring(giving, 20)), 201)
    done(giving.post("reversals", giving.reversing(first)))
    done(giving.post("transfers", transferring(giving, 30)), 201)
    giving.advance_to(TOMORROW)
    done(giving.post("transfers", transferring(giving, 30)), 201)


def test_a_transfer_is_repeated_by_key_and_by_serial(giving: Bank) -> None:
    body = transferring(giving)
    first = done(giving.post("transfers", body, key="once"), 201)
    assert done(giving.post("transfers", body, key="once"), 201) == first
    assert done(giving.post("transfers", body), 201) == first
    assert refusal(giving.post("transfers", body | {"points": 11})) == (422, "channel-serial-reused")
    assert giving.available() == 50


def test_a_reversal_takes_back_what_is_left_and_the_rest_is_owed(giving: Bank) -> None:
    body = transferring(giving, 60)
    done(giving.post("transfers", body), 201)
    giving.redeem(45, customer_no=OTHER)
    reversal = giving.reversing(body)
    assert done(giving.post("reversals", reversal))["status"] == "reversed"
    assert done(giving.post("reversals", giving.reversing(body)))["status"] == "reversed"
    assert (giving.balance().available, giving.balance().earned) == (60, 60)
    assert (giving.balance(customer_no=OTHER).arrears, giving.balance(customer_no=OTHER).available) == (45, 0)
    late = transferring(giving)
    assert done(giving.post("reversals", giving.reversing(late)))["status"] == "nothing-to-reverse"
    assert refusal(giving.post("transfers", late)) == (409, "reversed-before-arrival")


def test_points_that_lapsed_at_the_receiver_have_lapsed_at_the_sender_once_the_transfer_is_reversed(giving: Bank) -> None:
    body = transferring(giving, 60)
    done(giving.post("transfers", body), 201)
    giving.redeem(20, customer_no=OTHER)
    giving.advance_to(date(2028, 1, 1))
    done(giving.post("reversals", giving.reversing(body)))
    assert (giving.balance(customer_no=OTHER).arrears, giving.balance(customer_no=OTHER).expired, giving.balance(customer_no=OTHER).earned) == (20, 0, 0)
    assert (giving.balance().earned, giving.balance().expired, giving.balance().available) == (60, 60, 0)


def test_a_grant_reversed_after_its_transfer_lapsed_and_came_back_is_owed_by_nobody(giving: Bank) -> None:
    grant, body = giving.granting(25, expires_on="2026-06-30"), transferring(giving, 25)
    done(giving.post("grants", grant), 201)
    done(giving.post("transfers", body), 201)
    giving.advance_to(date(2026, 7, 1))
    done(giving.post("reversals", giving.reversing(body)))
    done(giving.post("reversals", giving.reversing(grant)))
    assert (giving.balance().arrears, giving.balance().available, giving.balance().expired) == (0, 60, 25)
    giving.check()


def test_crossing_transfers_at_the_same_moment_neither_deadlock_nor_lose_points(giving: Bank) -> None:
    giving.grant(60, customer_no=OTHER)
    there = [partial(giving.post, "transfers", transferring(giving, 3)) for _ in range(30)]
    back = [partial(giving.post, "transfers", transferring(giving, 3, from_customer_no=OTHER, to_customer_no=giving.customer_no)) for _ in range(30)]
    assert outcomes(at_once([call for pair in zip(there, back, strict=True) for call in pair])) == {"201": 60}
    assert giving.available() + giving.balance(customer_no=OTHER).available == 120


def test_of_transfers_at_the_same_moment_the_daily_limit_lets_exactly_so_many_pass(giving: Bank) -> None:
    say(giving, "transfer-limits", {"per_day": 20})
    calls = [partial(giving.post, "transfers", transferring(giving, 5, to_customer_no=f"R{number}")) for number in range(32)]
    assert outcomes(at_once(calls, 32)) == {"201": 4, "limit-exceeded": 28}
