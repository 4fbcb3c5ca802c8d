"""Orders over HTTP on a real database: the way forward, the ways back, and every wrong state."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from support.order_desk import Desk

CASH: dict[str, Any] = {"cash_minor": 1990}


def test_an_order_is_confirmed_shipped_and_received(desk: Desk) -> None:
    desk.gift()
    order = desk.order(quantity=2, pay={"points": 200, "cash_minor": 0}, delivery={"address": "1 Nanhu Road"})
    assert (order["status"], order["pay"]) == ("confirmed", {"points": 200, "cash_minor": 0, "currency": "CNY"})
    assert order["delivery"] == {"address": "1 Nanhu Road"}
    assert (desk.stock(), desk.window.points["C1"]) == (8, 800)
    assert desk.move(order, "ship", "receive")["status"] == "received"
    assert desk.facts() == ["order.placed", "order.confirmed", "order.shipped", "order.received"]
    assert desk.movements() == [("in", 10), ("reserved", -2), ("out", 0)]
    assert [item["order_id"] for item in desk.get("orders?customer_no=C1")["items"]] == [order["order_id"]]
    assert desk.get("orders?customer_no=C2")["items"] == []


def test_an_order_with_a_cash_part_waits_for_it(desk: Desk) -> None:
    desk.gift(**CASH)
    order = desk.order()
    assert (order["status"], order["pay"]["cash_minor"]) == ("awaiting-payment", 1990)
    assert (len(desk.window.held), desk.stock()) == (1, 9)
    path = f"orders/{order['order_id']}/pay"
    assert desk.refused(f"orders/{order['order_id']}/ship") == (409, "order-not-paid")
    assert desk.refused(path, {"cash_minor": 1989}) == (409, "payment-mismatch")
    paid = desk.post(path, {"cash_minor": 1990, "payment_no": "P1"}, key="pay").json()
    assert (paid["status"], paid["paid_minor"], paid["payment_no"]) == ("confirmed", 1990, "P1")
    assert desk.post(path, {"cash_minor": 1990, "payment_no": "P1"}, key="pay").json() == paid
    assert desk.refused(path) == (409, "already-paid")
    assert desk.facts() == ["order.placed", "order.paid", "order.confirmed"]


@pytest.mark.parametrize(
    ("cash", "words", "status", "due"),
    [
        (0, ("cancel",), "cancelled", 0),
        (1990, ("cancel",), "cancelled", 0),
        (1990, ("pay", "cancel"), "cancelled", 1990),
        (0, ("ship", "return"), "returned", 0),
        (1990, ("pay", "ship", "receive", "return"), "returned", 1990),
    ],
)
def test_what_ends_an_order_gives_points_pieces_and_cash_back(desk: Desk, cash: int, words: tuple[str, ...], status: str, due: int) -> None:
    desk.gift(cash_minor=cash)
    ended = desk.move(desk.order(quantity=3), *words)
    assert (ended["status"], ended["cash_refund_due_minor"]) == (status, due * 3)
    assert (desk.stock(), desk.window.points["C1"], desk.window.held, desk.window.spent) == (10, 1000, {}, {})
    assert desk.facts()[-1] == f"order.{status}"


WRONG = [
    ((), "receive", "order-not-shipped"),
    ((), "return", "order-not-shipped"),
    ((), "pay", "nothing-to-pay"),
    (("ship",), "ship", "order-shipped"),
    (("ship",), "cancel", "order-shipped"),
    (("ship", "receive"), "receive", "order-received"),
    (("ship", "receive"), "cancel", "order-received"),
    (("cancel",), "ship", "order-cancelled"),
    (("cancel",), "cancel", "order-cancelled"),
    (("cancel",), "pay", "order-cancelled"),
    (("ship", "return"), "return", "order-returned"),
    (("ship", "return"), "ship", "order-returned"),
]


@pytest.mark.parametrize(("words", "wrong", "code"), WRONG)
def test_a_wrong_state_is_refused_and_nothing_changes(desk: Desk, words: tuple[str, ...], wrong: str, code: str) -> None:
    desk.gift()
    order = desk.move(desk.order(), *words)
    before = (desk.get(f"orders/{order['order_id']}"), desk.stock(), dict(desk.window.points), desk.facts())
    assert desk.refused(f"orders/{order['order_id']}/{wrong}") == (409, code)
    assert (desk.get(f"orders/{order['order_id']}"), desk.stock(), dict(desk.window.points), desk.facts()) == before


@pytest.mark.parametrize(
    ("gift", "asked", "refusal"),
    [
        ({}, {"gift_code": "NONE"}, (404, "gift-unknown")),
        ({}, {"quantity": 11}, (409, "out-of-stock")),
        ({"points": 1001}, {}, (409, "insufficient-points")),
        ({}, {"pay": {"points": 99}}, (409, "price-mismatch")),
        ({}, {"pay": {"points": 100, "cash_minor": 1}}, (409, "price-mismatch")),
        ({"status": "off"}, {}, (409, "gift-off-shelf")),
        ({"campaign_code": "SPRING"}, {}, (409, "gift-locked")),
        ({"customer_limit": 2}, {"quantity": 3}, (409, "gift-limit-reached")),
        ({}, {"quantity": 0}, (422, "invalid-request")),
        ({}, {"quantity": "1"}, (422, "invalid-request")),
        ({}, {"pay": {"points": 0}}, (422, "invalid-request")),
        ({}, {"pay": {"points": 100, "cash_minor": -1}}, (422, "invalid-request")),
    ],
)
def test_an_order_that_cannot_be_taken_leaves_no_trace_in_points_or_stock(
    desk: Desk, gift: dict[str, Any], asked: dict[str, Any], refusal: tuple[int, str]
) -> None:
    desk.gift(**gift)
    assert desk.refused("orders", desk.ordering(**asked)) == refusal
    assert (desk.stock(), desk.window.points["C1"], desk.window.held) == (10, 1000, {})


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"stock": -1}, "body.stock"),
        ({"points": -1}, "body.points"),
        ({"points": 0}, "body.points"),
        ({"cash_minor": -1}, "body.cash_minor"),
        ({"currency": "XXX"}, "body.currency"),
        ({"customer_limit": 0}, "body.customer_limit"),
        ({"gift_code": ""}, "body.gift_code"),
        ({"colour": "red"}, "body.colour"),
    ],
)
def test_a_gift_that_is_not_valid_is_refused_by_its_field(desk: Desk, fields: dict[str, Any], named: str) -> None:
    answer = desk.post("gifts", {"gift_code": "BAD", "points": 1, **fields}, role="maker")
    assert (answer.status_code, [reason["path"] for reason in answer.json()["reasons"]]) == (422, [named])
    assert desk.get("gifts")["items"] == []


def test_stock_comes_and_goes_and_never_below_zero(desk: Desk) -> None:
    desk.gift(stock=2)
    assert desk.post("gifts/KETTLE/stock", {"pieces": 3}, role="maker").json()["stock"] == 5
    assert desk.post("gifts/KETTLE/stock", {"pieces": -4}, role="maker").json()["stock"] == 1
    assert desk.refused("gifts/KETTLE/stock", {"pieces": -2}, role="maker") == (409, "stock-below-zero")
    assert desk.refused("gifts/NONE/stock", {"pieces": 2}, role="maker") == (404, "gift-unknown")
    assert desk.refused("gifts", {"gift_code": "KETTLE", "points": 1}, role="maker") == (409, "gift-exists")
    assert desk.refused("gifts/KETTLE/stock", {"pieces": 2}) == (403, "function-not-granted")
    assert desk.movements() == [("in", 2), ("in", 3), ("removed", -4)]
    assert desk.post("gifts/KETTLE/shelf", {"status": "off"}, role="maker").json()["status"] == "off"
    assert desk.refused("orders", desk.ordering()) == (409, "gift-off-shelf")


def test_a_customer_gets_no_more_than_the_limit_however_they_race(desk: Desk) -> None:
    desk.gift(customer_limit=2)
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: desk.post("orders", desk.ordering()).status_code, range(6)))
    assert sorted(answers) == [201, 201, 409, 409, 409, 409]
    assert desk.stock() == 8


def test_buyers_race_for_the_last_pieces(desk: Desk) -> None:
    desk.gift(stock=5)
    desk.window.points.update({f"B{number}": 100 for number in range(50)})
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda number: desk.post("orders", desk.ordering(customer_no=f"B{number}")), range(50)))
    assert sorted(answer.status_code for answer in answers) == [201] * 5 + [409] * 45
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"out-of-stock"}
    assert (desk.stock(), desk.window.held, sum(desk.window.points[f"B{number}"] for number in range(50))) == (0, {}, 4500)


def test_the_same_key_gives_the_first_answer_and_another_body_is_refused(desk: Desk) -> None:
    desk.gift()
    first = desk.post("orders", desk.ordering(), key="one")
    again = desk.post("orders", desk.ordering(), key="one")
    assert (again.status_code, again.json(), again.headers["Idempotency-Replayed"]) == (201, first.json(), "true")
    assert desk.post("orders", desk.ordering(quantity=2), key="one").json()["code"] == "idempotency-key-reused"
    assert desk.post("orders", desk.ordering(gift_code="NONE"), key="two").status_code == 404
    desk.gift("NONE")
    assert desk.post("orders", desk.ordering(gift_code="NONE"), key="two").json()["code"] == "gift-unknown"
    assert desk.stock() == 9


def test_an_unknown_order_is_absent(desk: Desk) -> None:
    assert desk.refused("orders/none/ship") == (404, "order-unknown")
    assert desk.get("orders/none")["code"] == "order-unknown"


def test_unpaid_orders_close_themselves(desk: Desk) -> None:
    desk.gift(**CASH)
    order = desk.order()
    desk.let_pass(timedelta(minutes=15) - timedelta.resolution)
    assert desk.sweep() == 0
    desk.let_pass(timedelta.resolution)
    assert desk.refused(f"orders/{order['order_id']}/pay") == (409, "not-paid-in-time")
    assert desk.sweep() == 1
    closed = desk.get(f"orders/{order['order_id']}")
    assert (closed["status"], closed["reason"], closed["cash_refund_due_minor"]) == ("cancelled", "not-paid-in-time", 0)
    assert (desk.stock(), desk.window.points["C1"]) == (10, 1000)


def test_the_document_shows_every_call_and_its_refusals(desk: Desk) -> None:
    paths = desk.http.get("/openapi.json").json()["paths"]
    orders = "/v1/entities/{legal_entity}/orders"
    ends = ("", "/{order_id}", *(f"/{{order_id}}/{word}" for word in ("pay", "cancel", "ship", "receive", "return")))
    assert {orders + end for end in ends} <= set(paths)
    examples = paths[orders]["post"]["responses"]["409"]["content"]["application/problem+json"]["examples"]
    assert {"insufficient-points", "out-of-stock", "price-mismatch"} <= set(examples)
