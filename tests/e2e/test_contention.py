"""A hundred callers for one account that can afford ten, while a stream earns to the same account."""

import threading
from concurrent.futures import ThreadPoolExecutor

from support.bank import Bank
from support.rules import rule


def test_of_a_hundred_concurrent_reservations_exactly_those_that_can_be_paid_succeed(bank: Bank) -> None:
    bank.approve(rule("base", {"per_minor": 100, "points": 1}))
    bank.publish(bank.purchase("H0", "HOT", "1000.00"))
    bank.drained()

    earning = threading.Thread(target=lambda: bank.publish(*[bank.purchase(f"H{number}", "HOT", "1.00", card_type="credit") for number in range(1, 100)]))
    earning.start()  # 99 points more at most: an eleventh reservation of a hundred can never be paid
    with ThreadPoolExecutor(100) as pool:
        answers = list(pool.map(lambda _: bank.call("POST", "redemption", "reservations", role="channel", json=bank.spend("HOT", 100)), range(100)))
    earning.join()
    bank.drained()

    assert sorted({answer.status_code for answer in answers}) == [201, 409], [answer.text for answer in answers if answer.status_code not in (201, 409)][:3]
    assert sum(answer.status_code == 201 for answer in answers) == 10
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"insufficient-points"}
    [balance] = bank.account("HOT")["balances"]
    assert (balance["held"], balance["available"]) == (1000, 99)
    assert bank.violations() == {}


def test_the_same_key_and_the_same_serial_twice_at_once_give_one_effect(bank: Bank) -> None:
    bank.post("redemption", "grants", {"customer_no": "TWICE", "points": 100, "point_type": "base", "reason": "test", **bank.serial()})
    body = bank.spend("TWICE", 30)
    with ThreadPoolExecutor(8) as pool:
        by_key = list(pool.map(lambda _: bank.call("POST", "redemption", "redemptions", role="channel", key="one-key-for-all", json=body), range(8)))
        by_serial = list(pool.map(lambda _: bank.call("POST", "redemption", "redemptions", role="channel", json=body), range(8)))
    done = [answer for answer in by_key + by_serial if answer.is_success]
    assert len({answer.json()["redemption_id"] for answer in done}) == 1
    assert {answer.json()["code"] for answer in by_key + by_serial if not answer.is_success} <= {"key-in-progress"}
    assert bank.account("TWICE")["available"] == 70
