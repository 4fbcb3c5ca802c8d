"""Gift-order on a real database, called over HTTP, beside a points window that does as redemption does."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from threading import Lock
from typing import Any

from fastapi.testclient import TestClient
from httpx import Response

from gift_order.application.sweep_orders import SweepOrders
from gift_order.application.tell_wishes import TellWishes
from gift_order.domain.orders import Order
from gift_order.domain.saga import Done, Outcome, Refused, Unavailable, Unreachable
from loyalty_shared.persistence.connections import Database
from loyalty_shared.web.credentials import token_sha256

TODAY = date(2026, 3, 1)
NOON = datetime(2026, 3, 1, 4, tzinfo=UTC)
_numbers = itertools.count(1)


@dataclass
class SettableClock:
    """A clock that stands still until it is set."""

    at: datetime = NOON

    def now(self) -> datetime:
        return self.at


@dataclass
class PointsWindow:
    """The points of one customer after another, held, spent and given back; every call can be made again, as redemption's can.

    `lost`: by step, how many calls are not heard; `unanswered`: how many are done without an answer; `meanwhile`: what happens before one answer arrives.
    """

    points: dict[str, int] = field(default_factory=dict)
    held: dict[str, int] = field(default_factory=dict)
    spent: dict[str, int] = field(default_factory=dict)
    kept_out: set[str] = field(default_factory=set)
    refused: dict[str, str] = field(default_factory=dict)
    lost: dict[str, int] = field(default_factory=dict)
    unanswered: dict[str, int] = field(default_factory=dict)
    meanwhile: dict[str, Callable[[], object]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    def reserve(self, order: Order) -> Outcome:
        return self._called("reserve", order, self._reserve)

    def capture(self, order: Order) -> Outcome:
        return self._called("capture", order, self._capture)

    def reverse(self, order: Order) -> Outcome:
        return self._called("reverse", order, self._reverse)

    def find_available(self, legal_entity: str, customer_no: str) -> int | None:
        points = None if self._fails("available", self.lost) else self.points.get(customer_no, 0)
        self.meanwhile.pop("available", lambda: None)()
        return points

    def _called(self, step: str, order: Order, do: Callable[[Order], Outcome]) -> Outcome:
        with self.lock:
            self.calls.append(step)
            if self._fails(step, self.lost):
                return Unreachable("nobody heard it")
            outcome: Outcome = Refused(self.refused[step]) if step in self.refused else do(order)
            is_unanswered = self._fails(step, self.unanswered)
        self.meanwhile.pop(step, lambda: None)()
        return Unavailable("no answer came") if is_unanswered else outcome

    def _fails(self, step: str, times: dict[str, int]) -> bool:
        left = times.get(step, 0)
        times[step] = max(left - 1, 0)
        return left > 0

    def _reserve(self, order: Order) -> Outcome:
        if order.order_id in self.kept_out:
            return Refused("reversed-before-arrival")
        if order.order_id not in self.held and order.order_id not in self.spent:
            if self.points.get(order.customer_no, 0) < order.points:
                return Refused("insufficient-points")
            self.points[order.customer_no] -= order.points
            self.held[order.order_id] = order.points
        return Done(f"reservation-{order.order_id}")

    def _capture(self, order: Order) -> Outcome:
        if order.order_id not in self.spent:
            if order.order_id not in self.held:
                return Refused("reservation-expired")
            self.spent[order.order_id] = self.held.pop(order.order_id)
        return Done(f"redemption-{order.order_id}")

    def _reverse(self, order: Order) -> Outcome:
        self.points[order.customer_no] += self.held.pop(order.order_id, 0) + self.spent.pop(order.order_id, 0)
        self.kept_out.add(order.order_id)
        return Done()


@dataclass
class Desk:
    """One entity's order desk."""

    database: Database
    clock: SettableClock
    http: TestClient
    window: PointsWindow
    sweep: SweepOrders
    tell: TellWishes
    entity: str

    # ---- calls

    def post(self, path: str, body: dict[str, Any] | None = None, *, key: str | None = None, role: str = "channel") -> Response:
        headers = {"Authorization": f"Bearer {self.entity}-{role}", "Idempotency-Key": key or f"key-{next(_numbers)}"}
        response: Response = self.http.post(f"/v1/entities/{self.entity}/{path}", json=body, headers=headers)
        return response

    def get(self, path: str, *, role: str = "channel") -> Any:
        return self.http.get(f"/v1/entities/{self.entity}/{path}", headers={"Authorization": f"Bearer {self.entity}-{role}"}).json()

    def gift(self, gift_code: str = "KETTLE", **fields: Any) -> str:
        body = {"gift_code": gift_code, "names": {"zh": "电水壶"}, "points": 100, "stock": 10, "supplier": "S1", **fields}
        assert self.post("gifts", body, role="maker").status_code == 201
        return gift_code

    def ordering(self, **fields: Any) -> dict[str, Any]:
        return {"customer_no": "C1", "gift_code": "KETTLE", "quantity": 1, **fields}

    def order(self, **fields: Any) -> dict[str, Any]:
        """Place an order that must be taken."""
        answer = self.post("orders", self.ordering(**fields))
        assert answer.status_code in (201, 202), answer.text
        placed: dict[str, Any] = answer.json()
        return placed

    def move(self, order: dict[str, Any], *words: str) -> dict[str, Any]:
        """Make calls about an order that must be done."""
        for word in words:
            answer = self.post(f"orders/{order['order_id']}/{word}")
            assert answer.is_success, answer.text
            order = answer.json()
        return order

    def refused(self, path: str, body: dict[str, Any] | None = None, *, role: str = "channel") -> tuple[int, str]:
        answer = self.post(path, body, role=role)
        assert answer.headers["content-type"] == "application/problem+json", answer.text
        return answer.status_code, answer.json()["code"]

    # ---- the world around

    def let_pass(self, time: timedelta) -> None:
        self.clock.at += time

    # ---- what is so

    def stock(self, gift_code: str = "KETTLE") -> int:
        stock: int = self.get(f"gifts/{gift_code}")["stock"]
        return stock

    def movements(self) -> list[tuple[str, int]]:
        with self.database.transaction() as cursor:
            cursor.execute("select kind, change from stock_movement where legal_entity = %s order by movement_no", (self.entity,))
            return cursor.fetchall()

    def facts(self) -> list[str]:
        """Return the types of all facts, in order, in short."""
        with self.database.transaction() as cursor:
            cursor.execute("select type from fact where key like %s order by batch_no, position", (f"{self.entity}:%",))
            return [kind.removeprefix("loyalty.gift-order.").removesuffix(".v1") for (kind,) in cursor.fetchall()]

    def status(self, order: dict[str, Any]) -> str:
        status: str = self.get(f"orders/{order['order_id']}")["status"]
        return status


def open_desk(database: Database, clock: SettableClock, http: TestClient, window: PointsWindow, sweep: SweepOrders, tell: TellWishes) -> Desk:
    """Open an entity with a channel, a maker, an admin and an auditor, and a customer C1 with 1000 points."""
    entity = f"{next(_numbers):03d}"
    with database.transaction() as cursor:
        cursor.execute("insert into entity values (%s, '{}', 'Asia/Shanghai', %s, 15)", (entity, TODAY))
        for role in ("channel", "maker", "admin", "auditor"):
            cursor.execute(
                "insert into credential (credential, token_sha256, entities, functions, channel, enabled) values (%s, %s, %s, %s, %s, true)",
                (f"{entity}-{role}", token_sha256(f"{entity}-{role}"), [entity], [role], "MOBILE" if role == "channel" else None),
            )
    window.__init__(points={"C1": 1000})  # type: ignore[misc]  # as new
    return Desk(database, clock, http, window, sweep, tell, entity)
