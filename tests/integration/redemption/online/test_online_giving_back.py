"""Voids, refunds and reversals over HTTP, on a real database."""

from datetime import date, timedelta

from support.online_bank import Bank, done, refusal


def test_a_void_restores_the_whole_on_its_business_date(bank: Bank) -> None:
    bank.grant(100, expires_on="2026-12-31")
    redemption = bank.redeem(60)
    void = done(bank.post(f"redemptions/{redemption}/void"))
    assert (void["status"], void["points"]) == ("void", 60)
    assert (bank.available(), bank.balance().used) == (100, 0)
    assert refusal(bank.post(f"redemptions/{redemption}/void")) == (409, "already-void")
    assert refusal(bank.post(f"redemptions/{redemption}/refunds", {"points": 1, **bank.serial()})) == (409, "refund-exceeds-original")


def test_why_a_redemption_is_not_voided(bank: Bank) -> None:
    bank.grant(100)
    assert refusal(bank.post("redemptions/no-such/void")) == (404, "redemption-unknown")
    refunded, late = bank.redeem(20), bank.redeem(20)
    done(bank.post(f"redemptions/{refunded}/refunds", {"points": 1, **bank.serial()}), 201)
    assert refusal(bank.post(f"redemptions/{refunded}/void")) == (409, "already-refunded")
    bank.advance_to(date(2026, 3, 2))
    assert refusal(bank.post(f"redemptions/{late}/void")) == (409, "business-date-passed")


def test_a_capture_is_voided_like_any_redemption(bank: Bank) -> None:
    bank.grant(100)
    redemption = done(bank.post(f"reservations/{bank.reserve(60)}/capture", {"points": 50}))["redemption_id"]
    done(bank.post(f"redemptions/{redemption}/void"))
    assert bank.available() == 100


def test_refunds_are_repeatable_until_the_original_is_exhausted_and_restore_lots_last_taken_first(bank: Bank) -> None:
    bank.grant(30, expires_on="2026-12-31")
    bank.grant(40, expires_on="2027-12-31")
    redemption = bank.redeem(60)
    first = done(bank.post(f"redemptions/{redemption}/refunds", {"points": 40, **bank.serial()}), 201)
    assert [(lot["expires_on"], lot["points"]) for lot in first["lots"]] == [("2027-12-31", 30), ("2026-12-31", 10)]
    assert (first["status"], first["points"], first["points_left"]) == ("refunded", 40, 20)
    assert refusal(bank.post(f"redemptions/{redemption}/refunds", {"points": 21, **bank.serial()})) == (409, "refund-exceeds-original")
    bank.advance_to(date(2026, 6, 1))
    done(bank.post(f"redemptions/{redemption}/refunds", {"points": 20, **bank.serial()}), 201)
    assert refusal(bank.post(f"redemptions/{redemption}/refunds", {"points": 1, **bank.serial()})) == (409, "refund-exceeds-original")
    assert (bank.available(), bank.balance().used) == (70, 0)
    assert refusal(bank.post("redemptions/no-such/refunds", {"points": 1, **bank.serial()})) == (404, "redemption-unknown")


def test_cancelling_before_the_points_lapse_gives_them_back(bank: Bank) -> None:
    """vectors.json: earn 100, expires in 10 days, redeem on day 5, cancel on day 7: 100 available."""
    earned_on = bank.business_on()
    bank.grant(100, expires_on=(earned_on + timedelta(days=10)).isoformat())
    bank.advance_to(earned_on + timedelta(days=5))
    redemption = bank.redeem(100)
    bank.advance_to(earned_on + timedelta(days=7))
    done(bank.post(f"redemptions/{redemption}/refunds", {"points": 100, **bank.serial()}), 201)
    assert bank.available() == 100


def test_what_has_lapsed_meanwhile_expires_at_once_when_cancelled(bank: Bank) -> None:
    """vectors.json: earn 100, expires in 10 days, redeem on day 5, cancel on day 12: 0 available, 100 expired."""
    earned_on = bank.business_on()
    bank.grant(100, expires_on=(earned_on + timedelta(days=10)).isoformat())
    bank.advance_to(earned_on + timedelta(days=5))
    redemption = bank.redeem(100)
    bank.advance_to(earned_on + timedelta(days=12))
    done(bank.post(f"redemptions/{redemption}/refunds", {"points": 100, **bank.serial()}), 201)
    assert (bank.available(), bank.balance().expired, bank.balance().used) == (0, 100, 0)
    assert bank.entries() == [("granted", 100), ("redeemed", -100), ("restored", 100), ("expired", -100)]


def test_a_reversal_undoes_a_redemption_on_any_date(bank: Bank) -> None:
    bank.grant(100)
    body = bank.spending(60)
    redemption = done(bank.post("redemptions", body), 201)["redemption_id"]
    bank.advance_to(date(2026, 3, 5))
    assert done(bank.post("reversals", bank.reversing(body)))["status"] == "reversed"
    assert (bank.available(), bank.balance().used) == (100, 0)
    assert bank.entries()[-1] == ("reversed", 60)
    assert refusal(bank.post(f"redemptions/{redemption}/void")) == (409, "already-void")
    assert refusal(bank.post(f"redemptions/{redemption}/refunds", {"points": 1, **bank.serial()})) == (409, "refund-exceeds-original")


def test_a_reversal_repeated_answers_as_before_and_changes_nothing(bank: Bank) -> None:
    bank.grant(100)
    body = bank.spending(60)
    done(bank.post("redemptions", body), 201)
    reversal = bank.reversing(body)
    first = done(bank.post("reversals", reversal))
    entries = bank.entries()
    assert done(bank.post("reversals", reversal)) == first
    assert done(bank.post("reversals", bank.reversing(body)))["status"] == "reversed"
    assert bank.entries() == entries


def test_a_reversal_undoes_what_was_not_refunded(bank: Bank) -> None:
    bank.grant(100)
    body = bank.spending(60)
    redemption = done(bank.post("redemptions", body), 201)["redemption_id"]
    done(bank.post(f"redemptions/{redemption}/refunds", {"points": 25, **bank.serial()}), 201)
    done(bank.post("reversals", bank.reversing(body)))
    assert bank.available() == 100
    assert [points for kind, points in bank.entries() if kind in ("restored", "reversed")] == [25, 35]


def test_reversing_a_reservation_releases_it(bank: Bank) -> None:
    bank.grant(100)
    body = bank.spending(60)
    reservation = done(bank.post("reservations", body), 201)["reservation_id"]
    assert done(bank.post("reversals", bank.reversing(body)))["status"] == "reversed"
    assert (bank.available(), bank.balance().held) == (100, 0)
    assert refusal(bank.post(f"reservations/{reservation}/capture")) == (409, "reservation-released")


def test_reversing_a_reservation_undoes_its_capture(bank: Bank) -> None:
    bank.grant(100)
    body = bank.spending(60)
    reservation = done(bank.post("reservations", body), 201)["reservation_id"]
    redemption = done(bank.post(f"reservations/{reservation}/capture", {"points": 50}))["redemption_id"]
    done(bank.post(f"redemptions/{redemption}/refunds", {"points": 10, **bank.serial()}), 201)
    assert done(bank.post("reversals", bank.reversing(body)))["status"] == "reversed"
    assert (bank.available(), bank.balance().held, bank.balance().used) == (100, 0, 0)


def test_reversing_a_reservation_that_has_ended_changes_nothing(bank: Bank) -> None:
    bank.grant(100)
    body = bank.spending(60, expires_in_seconds=30)
    done(bank.post("reservations", body), 201)
    bank.let_pass(timedelta(minutes=1))
    assert done(bank.post("reversals", bank.reversing(body)))["status"] == "reversed"
    assert (bank.available(), bank.balance().held) == (100, 0)


def test_reversing_a_grant_takes_it_back_and_what_was_spent_becomes_arrears(bank: Bank) -> None:
    body = bank.granting(100)
    done(bank.post("grants", body), 201)
    bank.redeem(70)
    assert done(bank.post("reversals", bank.reversing(body)))["status"] == "reversed"
    assert (bank.available(), bank.balance().arrears) == (0, 70)
    bank.grant(80)
    assert (bank.available(), bank.balance().arrears) == (10, 0)


def test_reversing_a_grant_leaves_held_points_alone(bank: Bank) -> None:
    body = bank.granting(100)
    done(bank.post("grants", body), 201)
    reservation = bank.reserve(70)
    done(bank.post("reversals", bank.reversing(body)))
    assert (bank.available(), bank.balance().held, bank.balance().arrears) == (0, 70, 70)
    done(bank.post(f"reservations/{reservation}/release"))
    assert (bank.available(), bank.balance().held, bank.balance().arrears) == (0, 0, 0)


def test_reversing_a_refund_takes_its_points_again(bank: Bank) -> None:
    bank.grant(100)
    redemption = bank.redeem(60)
    body = {"points": 25, **bank.serial()}
    done(bank.post(f"redemptions/{redemption}/refunds", body), 201)
    assert done(bank.post("reversals", bank.reversing(body)))["status"] == "reversed"
    assert (bank.available(), bank.balance().used) == (40, 60)
    done(bank.post(f"redemptions/{redemption}/refunds", {"points": 60, **bank.serial()}), 201)
    assert (bank.available(), bank.balance().used) == (100, 0)


def test_a_refund_of_a_reversed_redemption_is_undone_with_it(bank: Bank) -> None:
    bank.grant(100)
    redeeming = bank.spending(60)
    redemption = done(bank.post("redemptions", redeeming), 201)["redemption_id"]
    refunding = {"points": 25, **bank.serial()}
    done(bank.post(f"redemptions/{redemption}/refunds", refunding), 201)
    done(bank.post("reversals", bank.reversing(redeeming)))
    assert done(bank.post("reversals", bank.reversing(refunding)))["status"] == "reversed"
    assert (bank.available(), bank.balance().used) == (100, 0)


def test_reversing_a_refund_of_points_that_lapsed_unused_takes_nothing(bank: Bank) -> None:
    bank.grant(100, expires_on="2026-03-02")
    redemption = bank.redeem(100)
    bank.advance_to(date(2026, 3, 3))
    bank.grant(50)
    refunding = {"points": 100, **bank.serial()}
    done(bank.post(f"redemptions/{redemption}/refunds", refunding), 201)
    done(bank.post("reversals", bank.reversing(refunding)))
    assert (bank.available(), bank.balance().used, bank.balance().arrears) == (50, 0, 0)


def test_a_reversal_of_what_never_came_keeps_it_out(bank: Bank) -> None:
    bank.grant(100)
    late = bank.spending(60)
    reversal = bank.reversing(late)
    assert done(bank.post("reversals", reversal))["status"] == "nothing-to-reverse"
    for _ in range(2):
        assert refusal(bank.post("redemptions", late)) == (409, "reversed-before-arrival")
    assert refusal(bank.post("grants", bank.granting(**{name: late[name] for name in ("channel_serial", "channel_date")}))) == (409, "reversed-before-arrival")
    assert done(bank.post("reversals", bank.reversing(late)))["status"] == "nothing-to-reverse"
    assert bank.available() == 100


def test_of_a_refused_original_there_is_nothing_to_reverse(bank: Bank) -> None:
    bank.grant(10)
    refused = bank.spending(60)
    assert refusal(bank.post("redemptions", refused)) == (409, "insufficient-points")
    assert done(bank.post("reversals", bank.reversing(refused)))["status"] == "nothing-to-reverse"
    assert refusal(bank.post("redemptions", refused)) == (409, "insufficient-points")  # the first answer still


def test_a_reversal_itself_is_not_reversed(bank: Bank) -> None:
    bank.grant(100)
    body = bank.spending(60)
    done(bank.post("redemptions", body), 201)
    reversal = bank.reversing(body)
    done(bank.post("reversals", reversal))
    assert done(bank.post("reversals", bank.reversing(reversal)))["status"] == "nothing-to-reverse"
    assert bank.available() == 100


def test_a_reversal_does_not_name_itself(bank: Bank) -> None:
    serial = bank.serial()
    assert refusal(bank.post("reversals", bank.reversing(serial) | serial)) == (422, "invalid-request")


def test_a_channel_reverses_its_own_calls_only(bank: Bank) -> None:
    bank.grant(100)
    body = bank.spending(60)
    done(bank.post("redemptions", body), 201)
    assert done(bank.post("reversals", bank.reversing(body), token="channel2"))["status"] == "nothing-to-reverse"
    assert bank.available() == 40
