"""A bank's mall on the running platform: gifts, customers with points, orders, and where points and pieces are."""

import asyncio
import itertools
from dataclasses import dataclass, field
from typing import Any

import httpx
import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition

from support.bank import Bank

SERVICE = "gift-order"
POINTS_EACH = 1000
STOCK = 100
PRICE = 100
ORDERS_TOPIC = "loyalty.gift-order.orders"
#: States in which an order keeps its points and pieces.
KEPT = ("confirmed", "shipped", "received")
MOVING = ("placed", "capturing", "failing", "cancelling", "returning")
_numbers = itertools.count(1)


@dataclass
class Mall:
    """The mall of one entity."""

    bank: Bank
    customers: list[str] = field(default_factory=list)

    def gift(self, gift_code: str, **fields: Any) -> None:
        body = {"gift_code": gift_code, "names": {"zh": "电水壶"}, "points": PRICE, "stock": STOCK, "supplier": "S1", **fields}
        self.bank.post(SERVICE, "gifts", body, role="maker")

    def customer(self, points: int = POINTS_EACH) -> str:
        """Return a new customer with points."""
        customer_no = f"M{next(_numbers):04d}"
        body = {"customer_no": customer_no, "points": points, "point_type": "base", "reason": "test", **self.bank.serial()}
        self.bank.post("redemption", "grants", body)
        self.customers.append(customer_no)
        return customer_no

    def order(self, customer_no: str, gift_code: str, *, key: str | None = None, **fields: Any) -> httpx.Response:
        body = {"customer_no": customer_no, "gift_code": gift_code, "quantity": 1, **fields}
        return self.bank.call("POST", SERVICE, "orders", role="channel", key=key, json=body)

    def placed(self, customer_no: str, gift_code: str, *words: str) -> dict[str, Any]:
        """Place an order, make calls about it, and return it."""
        answer = self.order(customer_no, gift_code)
        assert answer.is_success, answer.text
        order: dict[str, Any] = answer.json()
        for word in words:
            order = self.bank.post(SERVICE, f"orders/{order['order_id']}/{word}")
        return order

    def get(self, order: dict[str, Any]) -> Any:
        return self.bank.get(SERVICE, f"orders/{order['order_id']}")

    def orders(self, customer_no: str | None = None) -> Any:
        return self.bank.get(SERVICE, "orders", limit=500, **({"customer_no": customer_no} if customer_no else {}))["items"]

    def statuses(self) -> dict[str, str]:
        """Return the status of each customer's newest order."""
        return {order["customer_no"]: order["status"] for order in reversed(self.orders())}

    def at_rest(self) -> bool:
        return not any(order["status"] in MOVING for order in self.orders())

    def untied(self) -> list[str]:
        """Return where points, pieces and orders do not tie; nothing when they do."""
        faults = [f"redemption: {name}" for name in self.bank.violations()]
        faults += [item["name"] for item in self.bank.get(SERVICE, "invariants")["items"] if item["violations"]]
        orders = self.orders()
        for gift in self.bank.get(SERVICE, "gifts", limit=500)["items"]:
            kept = sum(order["quantity"] for order in orders if order["gift_code"] == gift["gift_code"] and order["status"] in (*KEPT, "awaiting-payment"))
            if gift["stock"] != STOCK - kept:
                faults.append(f"{gift['gift_code']}: {gift['stock']} in stock, {kept} with orders")
        for customer_no in self.customers:
            mine = [order for order in orders if order["customer_no"] == customer_no]
            [balance] = self.bank.account(customer_no)["balances"]
            used = sum(order["pay"]["points"] for order in mine if order["status"] in KEPT)
            held = sum(order["pay"]["points"] for order in mine if order["status"] == "awaiting-payment")
            if (balance["used"], balance["held"]) != (used, held):
                faults.append(f"{customer_no}: used {balance['used']}, held {balance['held']}, orders {[order['status'] for order in mine]}")
        return faults

    def facts(self) -> dict[str, list[str]]:
        """Return the types of the facts on the bus, in short, by order."""
        records = asyncio.run(_read_all(self.bank.platform.kafka, self.bank.legal_entity))
        by_order: dict[str, list[str]] = {}
        for kind, data in records:
            by_order.setdefault(data.get("order_id", data.get("wish_id")), []).append(kind)
        return by_order


async def _read_all(bootstrap_servers: str, legal_entity: str) -> list[tuple[str, Any]]:
    found = []
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap_servers, enable_auto_commit=False) as consumer:
        partitions = [TopicPartition(ORDERS_TOPIC, number) for number in range(4)]
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        ends = await consumer.end_offsets(partitions)
        while any([await consumer.position(partition) < ends[partition] for partition in partitions]):
            for records in (await consumer.getmany(timeout_ms=500)).values():
                for record in records:
                    if record.key.startswith(f"{legal_entity}:".encode()):
                        kind = dict(record.headers)["ce_type"].decode().removeprefix("loyalty.gift-order.").removesuffix(".v1")
                        found.append((kind, msgspec.json.decode(record.value)))
    return found
