"""A customer's way through the mall: an order paid with points and cash, given back, wished for; and fifty for the last five pieces."""

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from support.bank import Bank
from support.eventually import eventually
from support.mall import SERVICE, Mall
from support.rules import rule


@pytest.fixture(scope="module")
def mall(bank: Bank) -> Mall:
    opened = Mall(bank)
    opened.gift("KETTLE")
    opened.gift("FRIDGE", points=600, cash_minor=19_900)
    return opened


def test_an_order_takes_points_and_cash_and_a_return_gives_them_back(mall: Mall) -> None:
    customer_no = mall.customer()
    order = mall.placed(customer_no, "FRIDGE")
    assert (order["status"], mall.bank.account(customer_no)["available"]) == ("awaiting-payment", 400)
    order = mall.placed(mall.customer(), "KETTLE", "ship")
    answer = mall.order(customer_no, "KETTLE", quantity=5)
    assert (answer.status_code, answer.json()["code"]) == (409, "insufficient-points")
    [failed, fridge] = mall.orders(customer_no)
    assert (failed["status"], failed["reason"]) == ("failed", "insufficient-points")

    paid = mall.bank.post(SERVICE, f"orders/{fridge['order_id']}/pay", {"cash_minor": 19_900, "payment_no": "P1"})
    assert paid["status"] == "confirmed"
    path = f"reservations/{paid['reservation_id']}/capture"
    assert mall.bank.refused(path) == (409, "already-captured")
    assert mall.bank.refused(f"orders/{paid['order_id']}/pay", service=SERVICE) == (409, "already-paid")
    assert mall.bank.account(customer_no)["balances"][0]["used"] == 600

    for word in ("ship", "receive", "return"):
        paid = mall.bank.post(SERVICE, f"orders/{paid['order_id']}/{word}")
    assert (paid["status"], paid["cash_refund_due_minor"]) == ("returned", 19_900)
    assert mall.bank.account(customer_no)["available"] == 1000
    assert mall.bank.refused(f"orders/{paid['order_id']}/ship", service=SERVICE) == (409, "order-returned")
    assert mall.untied() == []
    told = ["order.placed", "order.paid", "order.confirmed", "order.shipped", "order.received", "order.returned"]
    assert eventually(lambda: mall.facts().get(paid["order_id"]) == told)


def test_what_was_refunded_before_does_not_keep_the_rest_from_coming_back(mall: Mall) -> None:
    customer_no = mall.customer()
    order = mall.placed(customer_no, "KETTLE")
    mall.bank.post("redemption", f"redemptions/{order['redemption_id']}/refunds", {"points": 40, **mall.bank.serial()})
    cancelled = mall.bank.post(SERVICE, f"orders/{order['order_id']}/cancel")
    assert (cancelled["status"], mall.bank.account(customer_no)["available"]) == ("cancelled", 1000)
    assert mall.untied() == []


def buy(mall: Mall, buyer: str) -> httpx.Response:
    """Order the last piece, asking again (the same call) for as long as the order moves."""

    def attempt() -> httpx.Response | bool:
        answer = mall.order(buyer, "LAST", key=f"last-{buyer}")
        return answer.status_code != httpx.codes.ACCEPTED and answer

    answer = eventually(attempt)
    assert isinstance(answer, httpx.Response)
    return answer


def test_fifty_buyers_race_for_the_last_five_pieces(mall: Mall) -> None:
    mall.gift("LAST")
    mall.bank.post(SERVICE, "gifts/LAST/stock", {"pieces": -95}, role="maker")
    buyers = [mall.customer(100) for _ in range(50)]
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda buyer: buy(mall, buyer), buyers))
    assert sorted(answer.status_code for answer in answers) == [201] * 5 + [409] * 45, [answer.text for answer in answers]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"out-of-stock"}
    eventually(mall.at_rest)
    mall.bank.post(SERVICE, "gifts/LAST/stock", {"pieces": 95}, role="maker")
    assert mall.untied() == []


def test_a_wish_comes_within_reach_by_earning(mall: Mall) -> None:
    mall.bank.approve(rule("base", {"per_minor": 100, "points": 1}))
    wish = mall.bank.post(SERVICE, "wishes", {"customer_no": "WISHER", "gift_code": "KETTLE"})
    assert wish["status"] == "open"
    mall.bank.publish(mall.bank.purchase("W1", "WISHER", "100.00"))
    eventually(lambda: mall.bank.get(SERVICE, "wishes", customer_no="WISHER")["items"][0]["status"] == "within-reach")
    assert eventually(lambda: mall.facts().get(wish["wish_id"]) == ["gift.came_within_reach"])
