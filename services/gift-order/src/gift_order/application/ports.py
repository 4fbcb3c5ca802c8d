"""What the use cases ask of the outside, in their own words."""

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from msgspec import Struct

from gift_order.domain.gifts import Gift, Shelf
from gift_order.domain.orders import Order
from gift_order.domain.saga import Outcome
from gift_order.domain.wishes import Wish
from loyalty_shared.messaging.records import Batch
from loyalty_shared.persistence.entity_dates import Entity
from loyalty_shared.web.idempotency import Answer, Answers, Idempotency

#: Makes a new handle for what a call makes.
NewId = Callable[[], str]


class Redemption(Protocol):
    """The points ledger, over HTTP. Each call of an order bears the order's own serial and key: made again, it is the same call. Never in a transaction."""

    def reserve(self, order: Order) -> Outcome:
        """Hold the order's points; made: the reservation."""
        ...

    def capture(self, order: Order) -> Outcome:
        """Spend what is held; made: the redemption."""
        ...

    def reverse(self, order: Order) -> Outcome:
        """Undo the reservation, whether or not it ever arrived, and its capture, less what was given back before; one that arrives later is refused."""
        ...

    def find_available(self, legal_entity: str, customer_no: str) -> int | None:
        """Return the points a customer can spend now, 0 without an account; None when redemption does not answer."""
        ...


@dataclass(frozen=True, slots=True)
class Moving:
    """The call is under way: its order is being moved for it."""

    order_id: str


class Calls(Protocol):
    """Calls that are answered later than in the transaction that began them."""

    def find(self, call: Idempotency) -> Answer | Moving | None:
        """Return the call's answer, or the order that moves for it; None when it is the first with its key, which is then held until the transaction ends."""
        ...

    def begin(self, call: Idempotency, order_id: str) -> None:
        """Write down that the order moves for this call."""
        ...

    def finish(self, legal_entity: str, order_id: str, answer: Answer, at: datetime) -> None:
        """Keep the answer of the call that the order moved for, if there was one."""
        ...


class Orders(Protocol):
    """The orders."""

    def add(self, order: Order) -> None: ...

    def find(self, legal_entity: str, order_id: str) -> Order | None: ...

    def find_for_update(self, legal_entity: str, order_id: str) -> Order | None: ...

    def save(self, order: Order) -> None:
        """Write what has become of a locked order."""
        ...

    def postpone(self, order: Order, until: datetime) -> None:
        """Have the order looked at later, one vain try more; nothing when it has changed meanwhile."""
        ...

    def claim_due(self, now: datetime, until: datetime, orders_max: int) -> list[tuple[str, str]]:
        """Return (legal_entity, order_id) of orders whose time has come, longest due first, and keep them from other sweepers until then."""
        ...

    def list(self, legal_entity: str, customer_no: str | None, before: str | None, limit: int) -> list[Order]:
        """Return orders, newest first."""
        ...

    def count_pieces(self, legal_entity: str, gift_code: str, customer_no: str) -> int:
        """Return how many pieces of a gift the customer's orders have or ask for; no other of their orders for it is placed until the transaction ends."""
        ...


class Gifts(Protocol):
    """The catalogue and its stock. Each change of a stock is written down with it."""

    def add(self, gift: Gift, by: str, at: datetime) -> bool:
        """Write a new gift with its first stock; False when there is one of that code."""
        ...

    def find(self, legal_entity: str, gift_code: str) -> Gift | None: ...

    def list(self, legal_entity: str, after: str | None, limit: int) -> list[Gift]:
        """Return gifts by code."""
        ...

    def set_shelf(self, legal_entity: str, gift_code: str, status: Shelf) -> None: ...

    def move_stock(self, legal_entity: str, gift_code: str, pieces: int, by: str, at: datetime) -> bool:
        """Add pieces, or take them away (negative); False when there are not as many."""
        ...

    def take(self, order: Order, at: datetime) -> bool:
        """Take the order's pieces from the stock; False when there are not as many."""
        ...

    def put_back(self, order: Order, at: datetime) -> None:
        """Put the order's pieces back into the stock."""
        ...

    def note_shipped(self, order: Order, at: datetime) -> None:
        """Write down that the order's pieces have left."""
        ...


class Campaigns(Protocol):
    """Who has earned in which campaign."""

    def has_earned(self, legal_entity: str, campaign_code: str, customer_no: str) -> bool: ...

    def record(self, earned: Collection[tuple[str, str, str]]) -> None:
        """Keep (legal_entity, campaign_code, customer_no) that are new."""
        ...


class Wishes(Protocol):
    """Gifts that customers wish for."""

    def add(self, wish: Wish, ask_at: datetime) -> Wish:
        """Write a wish, and return it: the customer's open one for that gift where there is one."""
        ...

    def list(self, legal_entity: str, customer_no: str | None, before: str | None, limit: int) -> list[Wish]:
        """Return wishes, newest first."""
        ...

    def has_open(self) -> bool:
        """Tell whether anyone has an open wish."""
        ...

    def ask_soon(self, customers: Collection[tuple[str, str]], at: datetime) -> None:
        """Have redemption asked, at that time, for these (legal_entity, customer_no) where they have open wishes."""
        ...

    def claim_due(self, now: datetime, until: datetime, wishes_max: int) -> Sequence[Wish]:
        """Return open wishes whose time to be asked for has come, and keep them from others until then."""
        ...

    def tell(self, wish: Wish, at: datetime) -> bool:
        """Write down that the gift came within reach; False when that was told before."""
        ...

    def ask_later(self, wish: Wish, claimed_until: datetime, at: datetime | None) -> None:
        """Have redemption asked again then, None: at the next earning or date. Nothing when one came since the wish was claimed: it is asked for soon."""
        ...


class Work(Protocol):
    """One transaction. Locks are taken in one order everywhere: the call's key, the date, orders, gifts."""

    @property
    def answers(self) -> Answers: ...

    @property
    def calls(self) -> Calls: ...

    @property
    def orders(self) -> Orders: ...

    @property
    def gifts(self) -> Gifts: ...

    @property
    def campaigns(self) -> Campaigns: ...

    @property
    def wishes(self) -> Wishes: ...

    def hold_date(self, legal_entity: str) -> Entity:
        """Keep the entity's business date from moving until the transaction ends. Raises UnknownEntity."""
        ...

    def take_batch(self, batch: Batch[Any], at: datetime) -> None:
        """Move the consumer's place past the batch, and keep the records that could not be read. Raises Fenced when another owner has gone on."""
        ...

    def publish(self, customer: tuple[str, str], facts: Sequence[Struct], at: datetime) -> None:
        """Write the facts of one (legal_entity, customer_no) that the relay publishes. Called after the locks are taken."""
        ...


Begin = Callable[[], AbstractContextManager[Work]]
