"""The same key and the same channel serial, again and at the same moment, on a real database."""

import pytest

from support.online_bank import Bank, done, refusal


def test_the_same_key_gives_the_first_answer(bank: Bank) -> None:
    bank.grant(100)
    body = bank.spending(60)
    first = bank.post("redemptions", body, key="once")
    again = bank.post("redemptions", body, key="once")
    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert refusal(bank.post("redemptions", body | {"points": 61}, key="once")) == (422, "idempotency-key-reused")
    assert bank.available() == 40


def test_a_refusal_is_the_answer_for_good(bank: Bank) -> None:
    bank.grant(10)
    body = bank.spending(60)
    assert refusal(bank.post("redemptions", body, key="once")) == (409, "insufficient-points")
    bank.grant(100)
    assert refusal(bank.post("redemptions", body, key="once")) == (409, "insufficient-points")
    assert refusal(bank.post("redemptions", body, key="another")) == (409, "insufficient-points")
    done(bank.post("redemptions", bank.spending(60)), 201)


@pytest.mark.parametrize("path", ["reservations", "redemptions", "grants"])
def test_the_same_serial_and_body_gives_the_first_answer_under_any_key(bank: Bank, path: str) -> None:
    bank.grant(100)
    body = bank.granting(50) if path == "grants" else bank.spending(60)
    first = done(bank.post(path, body), 201)
    available = bank.available()
    assert done(bank.post(path, body), 201) == first
    assert refusal(bank.post(path, body | {"points": 1})) == (422, "channel-serial-reused")
    assert bank.available() == available


def test_a_refund_is_told_by_its_serial_too(bank: Bank) -> None:
    bank.grant(100)
    one, other = bank.redeem(40), bank.redeem(40)
    body = {"points": 10, **bank.serial()}
    first = done(bank.post(f"redemptions/{one}/refunds", body), 201)
    assert done(bank.post(f"redemptions/{one}/refunds", body), 201) == first
    assert refusal(bank.post(f"redemptions/{other}/refunds", body)) == (422, "channel-serial-reused")
    assert bank.available() == 30


def test_a_serial_is_one_across_all_calls_of_a_channel(bank: Bank) -> None:
    bank.grant(100)
    body = bank.spending(10)
    done(bank.post("reservations", body), 201)
    serial = {name: body[name] for name in ("channel_serial", "channel_date")}
    assert refusal(bank.post("redemptions", body)) == (422, "channel-serial-reused")
    assert refusal(bank.post("grants", bank.granting(**serial))) == (422, "channel-serial-reused")
    assert refusal(bank.post("reversals", bank.reversing(bank.serial(), **serial))) == (422, "channel-serial-reused")
    done(bank.post("redemptions", body, token="channel2"), 201)  # another channel's numbers are its own
    done(bank.post("redemptions", body | {"channel_date": "2026-03-02"}), 201)  # and a channel may begin anew each day


def test_what_is_not_valid_leaves_key_and_serial_free(bank: Bank) -> None:
    bank.grant(100)
    body = bank.spending(10)
    assert refusal(bank.post("redemptions", body | {"points": 0}, key="once")) == (422, "invalid-request")
    done(bank.post("redemptions", body, key="once"), 201)


def test_captures_voids_and_releases_are_repeatable_under_their_key(bank: Bank) -> None:
    bank.grant(100)
    reservation = bank.reserve(10)
    captured = done(bank.post(f"reservations/{reservation}/capture", {"points": 5}, key="capture"))
    assert done(bank.post(f"reservations/{reservation}/capture", {"points": 5}, key="capture")) == captured
    void = done(bank.post(f"redemptions/{captured['redemption_id']}/void", key="void"))
    assert done(bank.post(f"redemptions/{captured['redemption_id']}/void", key="void")) == void
    assert bank.available() == 100
