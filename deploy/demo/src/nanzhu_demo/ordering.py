"""Orders gifts as the mall's customers would: delivered, paid for in part with cash, cancelled, returned, and some that must be refused."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from nanzhu_demo.client import PlatformClient, Role
from nanzhu_demo.mall import GIFTS
from nanzhu_demo.spending import Customer, customers_with_points, in_turn
from nanzhu_demo.tally import Tally, expect_refusal
from nanzhu_demo.waiting import until

ROLE: Final[Role] = "channel"
MUG, KETTLE, VOYAGE = GIFTS
CUSTOMERS_MAX: Final = 12
#: Whoever orders has points for all that one customer may come to order when there are few customers.
AVAILABLE_MIN: Final = 10 * max(MUG["points"], KETTLE["points"])


class Ordering(Tally):
    """What came of the orders."""

    @property
    def used(self) -> int:
        """Points used for gifts, less those given back."""
        return self.points["ordered"] - self.points["cancelled"] - self.points["returned"]


Scenario = Callable[[PlatformClient, Customer, Ordering], Awaitable[None]]


async def order(client: PlatformClient, customer: Customer, gift: dict[str, Any], status: str, ordering: Ordering) -> str:
    """Order one piece, wait until the order has come to `status`, and return its id."""
    pay = {"points": gift["points"], "cash_minor": gift["cash_minor"]}
    body = {"customer_no": customer.customer_no, "gift_code": gift["gift_code"], "quantity": 1, "pay": pay, "delivery": {"to": "counter CZ001"}}
    placed = await client.post("gift-order", "orders", body, role=ROLE)
    await until_order(client, placed["order_id"], status)
    ordering.note("ordered", gift["points"])
    return str(placed["order_id"])


async def step(client: PlatformClient, order_id: str, step: str, status: str, body: object = None) -> None:
    """Take one step with an order, and wait until it has come to `status`."""
    await client.post("gift-order", f"orders/{order_id}/{step}", body or {}, role=ROLE)
    await until_order(client, order_id, status)


async def until_order(client: PlatformClient, order_id: str, status: str) -> None:
    """Return when the order has come to `status`: at once, unless redemption did not answer in time."""

    async def is_so() -> bool:
        return bool((await client.get("gift-order", f"orders/{order_id}", role=ROLE))["status"] == status)

    await until(is_so, f"order {order_id} did not come to {status}")


async def deliver(client: PlatformClient, customer: Customer, ordering: Ordering) -> None:
    """Order, ship, receive."""
    order_id = await order(client, customer, MUG, "confirmed", ordering)
    await step(client, order_id, "ship", "shipped")
    await step(client, order_id, "receive", "received")
    ordering.note("delivered")


async def pay_in_part(client: PlatformClient, customer: Customer, ordering: Ordering) -> None:
    """Order what costs cash besides, pay that, and have it shipped."""
    order_id = await order(client, customer, KETTLE, "awaiting-payment", ordering)
    await step(client, order_id, "pay", "confirmed", {"cash_minor": KETTLE["cash_minor"], "payment_no": f"PAY-{order_id}"})
    await step(client, order_id, "ship", "shipped")
    ordering.note("paid in part with cash")


async def cancel(client: PlatformClient, customer: Customer, ordering: Ordering) -> None:
    """Order and cancel: the points come back, and it cannot be shipped any more."""
    order_id = await order(client, customer, MUG, "confirmed", ordering)
    await step(client, order_id, "cancel", "cancelled")
    ordering.note("cancelled", MUG["points"])
    await expect_refusal("order-cancelled", client.post("gift-order", f"orders/{order_id}/ship", {}, role=ROLE), ordering)


async def send_back(client: PlatformClient, customer: Customer, ordering: Ordering) -> None:
    """Order, receive, and return: the points come back."""
    order_id = await order(client, customer, MUG, "confirmed", ordering)
    await step(client, order_id, "ship", "shipped")
    await step(client, order_id, "receive", "received")
    await step(client, order_id, "return", "returned")
    ordering.note("returned", MUG["points"])


async def want_too_much(client: PlatformClient, customer: Customer, ordering: Ordering) -> None:
    """Order what nobody has the points for, and a gift that there is not."""
    for gift_code, refusal in ((VOYAGE["gift_code"], "insufficient-points"), ("DEMO-NONE", "gift-unknown")):
        body = {"customer_no": customer.customer_no, "gift_code": gift_code, "quantity": 1}
        await expect_refusal(refusal, client.post("gift-order", "orders", body, role=ROLE), ordering)
        ordering.note("refused")


#: How many orders go through each scenario.
SCENARIOS: Final[Sequence[tuple[Scenario, int]]] = ((send_back, 1), (cancel, 1), (want_too_much, 1), (pay_in_part, 3), (deliver, 6))


async def order_gifts(client: PlatformClient, candidates: Sequence[str]) -> Ordering:
    """Let customers order, each scenario as often as it says, the first of `candidates` who have points; with few such customers each orders often."""
    ordering = Ordering()
    customers = await customers_with_points(client, candidates, AVAILABLE_MIN, CUSTOMERS_MAX)
    if customers:
        scenarios = in_turn(SCENARIOS)
        await asyncio.gather(*(scenario(client, customers[number % len(customers)], ordering) for number, scenario in enumerate(scenarios)))
    return ordering
