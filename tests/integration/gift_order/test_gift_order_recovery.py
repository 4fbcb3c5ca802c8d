"""Whatever is lost on the way to redemption or back, points, pieces and the order's state end together."""

from datetime import timedelta

import pytest

from gift_order.adapters.orders import SqlOrders
from gift_order.application.sweep_orders import ORDERS_MAX
from gift_order.domain.saga import LEASE, PAY_WITHIN, RESERVE_WITHIN
from support.order_desk import Desk


def finish(desk: Desk) -> None:
    """Let the sweeper do its work for a minute."""
    for _ in range(12):
        desk.let_pass(timedelta(seconds=5))
        desk.sweep()


def tied(desk: Desk, status: str, quantity: int = 1) -> None:
    """Assert that points and pieces are where the order's state says."""
    has = status in ("confirmed", "shipped", "received")
    assert desk.stock() == 10 - (quantity if has else 0)
    assert desk.window.points["C1"] == 1000 - (100 * quantity if has else 0)
    assert desk.window.held == {}
    assert sum(desk.window.spent.values()) == (100 * quantity if has else 0)


@pytest.mark.parametrize("way", ["lost", "unanswered"])
@pytest.mark.parametrize("step", ["reserve", "capture"])
@pytest.mark.parametrize("times", [1, 3])
def test_an_order_goes_forward_after_a_silence(desk: Desk, way: str, step: str, times: int) -> None:
    desk.gift()
    getattr(desk.window, way)[step] = times
    answer = desk.post("orders", desk.ordering(), key="k")
    assert answer.status_code == 202
    assert answer.json()["status"] in ("placed", "capturing")
    finish(desk)
    assert desk.status(answer.json()) == "confirmed"
    tied(desk, "confirmed")
    again = desk.post("orders", desk.ordering(), key="k")
    assert (again.status_code, again.json()["order_id"], again.json()["status"]) == (201, answer.json()["order_id"], "confirmed")
    assert desk.facts() == ["order.placed", "order.confirmed"]


@pytest.mark.parametrize("way", ["lost", "unanswered"])
@pytest.mark.parametrize("words", [("cancel",), ("ship", "return")])
def test_points_are_given_back_once_after_a_silence(desk: Desk, way: str, words: tuple[str, ...]) -> None:
    desk.gift()
    order = desk.order()
    getattr(desk.window, way)["reverse"] = 2
    assert desk.move(order, *words)["status"] in ("cancelling", "returning")
    assert desk.refused(f"orders/{order['order_id']}/ship")[1] in ("order-cancelled", "order-returned")
    finish(desk)
    ended = desk.status(order)
    assert ended in ("cancelled", "returned")
    tied(desk, ended)


@pytest.mark.parametrize("way", ["lost", "unanswered"])
def test_an_order_that_could_not_be_reserved_for_a_minute_goes_back(desk: Desk, way: str) -> None:
    desk.gift()
    getattr(desk.window, way)["reserve"] = 100
    order = desk.order()
    finish(desk)
    desk.let_pass(RESERVE_WITHIN)
    finish(desk)
    shown = desk.get(f"orders/{order['order_id']}")
    assert (shown["status"], shown["reason"]) == ("failed", "not-reserved-in-time")
    tied(desk, "failed")
    assert desk.facts() == ["order.placed", "order.failed"]


@pytest.mark.parametrize("times", [0, 2])
def test_out_of_stock_after_the_reservation_releases_the_hold(desk: Desk, times: int) -> None:
    desk.gift(stock=10)
    desk.window.lost["reserve"] = 1
    desk.window.unanswered["reverse"] = times
    order = desk.order()
    desk.post("gifts/KETTLE/stock", {"pieces": -10}, role="maker")
    finish(desk)
    shown = desk.get(f"orders/{order['order_id']}")
    assert (shown["status"], shown["reason"]) == ("failed", "out-of-stock")
    assert (desk.window.points["C1"], desk.window.held, desk.stock()) == (1000, {}, 0)


def test_a_capture_refused_for_good_after_payment_makes_a_cash_refund_due(desk: Desk) -> None:
    desk.gift(cash_minor=1990)
    order = desk.order()
    desk.window.points["C1"] += desk.window.held.pop(order["order_id"])  # somebody released it
    paid = desk.move(order, "pay")
    assert (paid["status"], paid["reason"], paid["cash_refund_due_minor"]) == ("cash-refund-due", "reservation-expired", 1990)
    tied(desk, "cash-refund-due")
    assert desk.refused(f"orders/{order['order_id']}/ship") == (409, "order-failed")
    assert desk.facts()[-1] == "order.failed"


def test_a_capture_refused_for_good_without_payment_fails_the_order(desk: Desk) -> None:
    desk.gift()
    desk.window.refused["capture"] = "reservation-released"
    assert desk.refused("orders", desk.ordering()) == (409, "reservation-released")
    assert desk.stock() == 10


@pytest.mark.parametrize("words", [("cancel",), ("ship", "return")])
@pytest.mark.parametrize("given", [40, 100])
def test_points_that_somebody_gave_back_before_are_given_back_once_and_the_rest_with_them(desk: Desk, words: tuple[str, ...], given: int) -> None:
    desk.gift()
    order = desk.order()
    desk.window.points["C1"] += given
    desk.window.spent[order["order_id"]] -= given
    ended = desk.move(order, *words)["status"]
    assert ended in ("cancelled", "returned")
    tied(desk, ended)


def test_an_order_left_by_a_crash_is_taken_up_when_its_lease_ends(desk: Desk) -> None:
    desk.gift()
    desk.window.lost["reserve"] = 1
    order = desk.order()
    with desk.database.transaction() as cursor:  # as a crash leaves it: nobody has postponed it
        cursor.execute("update customer_order set attend_at = %s, tries = 0 where order_id = %s", (desk.clock.at + LEASE, order["order_id"]))
    desk.let_pass(LEASE - timedelta.resolution)
    assert desk.sweep() == 0
    assert desk.status(order) == "placed"
    desk.let_pass(timedelta.resolution)
    assert desk.sweep() == 1
    assert desk.status(order) == "confirmed"


def test_a_sweep_leaves_the_rest_when_redemption_is_away(desk: Desk) -> None:
    desk.gift()
    desk.window.lost["reserve"] = 5
    for _ in range(3):
        desk.order()
    desk.let_pass(timedelta(seconds=10))
    calls = len(desk.window.calls)
    assert desk.sweep() == 0
    assert len(desk.window.calls) == calls + 1
    finish(desk)
    assert [order["status"] for order in desk.get("orders")["items"]] == ["confirmed"] * 3


def test_orders_that_do_not_move_keep_no_other_from_moving(desk: Desk) -> None:
    desk.gift()
    desk.gift("FRIDGE", cash_minor=1990)
    unpaid = desk.order(gift_code="FRIDGE")
    desk.let_pass(PAY_WITHIN - timedelta(seconds=10))
    desk.window.unanswered["capture"] = 100
    stuck = [desk.order() for _ in range(3)]
    desk.let_pass(timedelta(seconds=10))
    assert desk.sweep() == 1
    assert desk.status(unpaid) == "cancelled"
    assert {desk.status(order) for order in stuck} == {"capturing"}
    desk.window.unanswered.clear()
    finish(desk)
    assert {desk.status(order) for order in stuck} == {"confirmed"}


def test_what_is_longest_due_is_taken_first(desk: Desk) -> None:
    desk.gift()
    desk.window.lost["reserve"] = 8
    orders = [desk.order()["order_id"] for _ in range(8)]
    longest_due_first = orders[4:] + orders[:4][::-1]
    with desk.database.transaction() as cursor:
        for order_id in orders:
            due_at = desk.clock.at + timedelta(seconds=longest_due_first.index(order_id))
            cursor.execute("update customer_order set attend_at = %s where order_id = %s", (due_at, order_id))
    desk.let_pass(timedelta(seconds=10))
    with desk.database.transaction() as cursor:
        cursor.execute("set local enable_nestloop = off; set local enable_mergejoin = off")  # as they may be joined where there are many
        due = SqlOrders(cursor).claim_due(desk.clock.at, desk.clock.at + LEASE, ORDERS_MAX)
    assert [order_id for _, order_id in due] == longest_due_first
    finish(desk)


def test_an_order_that_fails_by_our_own_fault_keeps_no_other_from_moving(desk: Desk) -> None:
    desk.gift()
    desk.window.lost["reserve"] = 3
    for _ in range(3):
        desk.order()
    desk.let_pass(timedelta(seconds=10))

    def fail() -> None:
        raise RuntimeError("a fault of ours")

    desk.window.meanwhile["reserve"] = fail
    assert desk.sweep() == 2
    finish(desk)
    assert [order["status"] for order in desk.get("orders")["items"]] == ["confirmed"] * 3


def test_a_call_whose_order_moves_is_told_so_and_another_key_is_refused(desk: Desk) -> None:
    desk.gift()
    desk.window.lost["capture"] = 3
    order = desk.post("orders", desk.ordering(), key="one").json()
    assert desk.refused(f"orders/{order['order_id']}/ship") == (409, "order-in-progress")
    assert desk.post("orders", desk.ordering(quantity=2), key="one").json()["code"] == "idempotency-key-reused"
    retried = desk.post("orders", desk.ordering(), key="one")
    assert (retried.status_code, retried.json()["order_id"]) == (202, order["order_id"])
    finish(desk)  # the sweeper of the next test would find it


@pytest.mark.parametrize("step", ["reserve", "capture", "reverse"])
def test_two_who_move_one_order_at_once_take_each_step_once(desk: Desk, step: str) -> None:
    desk.gift()
    swept: list[int] = []

    def other() -> None:
        desk.let_pass(LEASE)
        swept.append(desk.sweep())

    desk.window.meanwhile[step] = other
    order = desk.order()
    assert order["status"] == "confirmed"
    assert desk.move(order, "cancel")["status"] == "cancelled"
    assert swept == [1]
    tied(desk, "cancelled")
    assert desk.movements() == [("in", 10), ("reserved", -1), ("returned", 1)]
    assert desk.facts() == ["order.placed", "order.confirmed", "order.cancelled"]
