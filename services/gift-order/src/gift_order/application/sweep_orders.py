"""Sweep orders: finish what a crash or a silence of redemption left half done, and close what was not paid in time."""

from dataclasses import dataclass
from typing import Final

from gift_order.application.move_order import MoveOrder
from gift_order.application.ports import Begin
from gift_order.domain.orders import MOVING
from gift_order.domain.saga import LEASE
from loyalty_shared.kernel.clock import Clock

ORDERS_MAX: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepOrders:
    """Moves orders whose time has come, at most ORDERS_MAX; safe in several processes. Returns how many came to rest.

    It ends at the first that does not, because redemption is then most likely away for the others too; they come again in a few seconds.
    """

    begin: Begin
    move: MoveOrder
    clock: Clock

    def __call__(self) -> int:
        now = self.clock.now()
        with self.begin() as work:
            due = work.orders.claim_due(now, now + LEASE, ORDERS_MAX)
        for moved, (legal_entity, order_id) in enumerate(due):
            if self.move(legal_entity, order_id).status in MOVING:
                return moved
        return len(due)
